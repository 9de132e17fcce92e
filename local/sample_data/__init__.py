"""Sample data: exports as Customer Insights writes them, with made-up people."""

from local.sample_data.dialect import Dialect
from local.sample_data.export import WrittenExport, write_export
from local.sample_data.model import Model
from local.sample_data.people import overlapping_segments, people

__all__ = [
    "Dialect",
    "Model",
    "WrittenExport",
    "overlapping_segments",
    "people",
    "write_export",
]
