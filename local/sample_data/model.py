"""Writes model.json, the Common Data Model description that lies beside exported segments.

Source: https://learn.microsoft.com/common-data-model/model-json
"""

import json
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl

from local.sample_data.dialect import Dialect


@dataclass(frozen=True)
class Model:
    """Which model.json to write; the defaults give a right one, the rest are oddities seen.

    `column_headers`: as boolean, as the string "true" or "false", left out, or a `lie`.
    `settings`: whether partitions carry fileFormatSettings at all. `host`: the service in the
    partitions' URIs. `snapshot_query` appends `?snapshot=…` to them. `edit` has the last word.
    """

    column_headers: Literal["boolean", "string", "absent", "lie"] = "boolean"
    settings: bool = True
    host: Literal["blob", "dfs"] = "blob"
    snapshot_query: bool = False
    entities_member: str = "entities"
    bom: bool = False
    edit: Callable[[dict[str, Any]], object] | None = None

    def encode(
        self,
        tables: Mapping[str, pl.DataFrame],
        locations: Mapping[str, Sequence[str]],
        dialects: Mapping[str, Dialect],
        modified: datetime,
    ) -> bytes:
        """The bytes of model.json; `locations` are the URLs of each table's partitions."""
        document: dict[str, Any] = {
            "name": "BlobExport",
            "version": "1.0",
            "culture": "en-US",
            "modifiedTime": _time(modified),
            self.entities_member: [
                {
                    "$type": "LocalEntity",
                    "name": name,
                    "description": "",
                    "annotations": [{"name": "c360:PrimaryKey", "value": "CustomerId"}],
                    "attributes": [
                        {"name": column, "friendlyName": column, "dataType": _data_type(kind)}
                        for column, kind in frame.schema.items()
                    ],
                    "partitions": [
                        self._partition(location, dialects[name], modified)
                        for location in locations[name]
                    ],
                }
                for name, frame in tables.items()
            ],
        }
        if self.edit is not None:
            self.edit(document)
        text = json.dumps(document, ensure_ascii=False, indent=2)
        return text.encode("utf-8-sig" if self.bom else "utf-8")

    def _partition(self, location: str, dialect: Dialect, modified: datetime) -> dict[str, Any]:
        if self.host == "dfs":
            location = location.replace(".blob.", ".dfs.", 1)
        if self.snapshot_query:
            location += "?snapshot=" + urllib.parse.quote(f"{modified:%Y-%m-%dT%H:%M:%S.0000000Z}")
        partition: dict[str, Any] = {
            "name": location.partition("?")[0].rpartition("/")[2],
            "refreshTime": _time(modified),
            "location": location,
        }
        if self.settings:
            partition["fileFormatSettings"] = self._format(dialect)
        return partition

    def _format(self, dialect: Dialect) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "$type": "CsvFormatSettings",
            "delimiter": dialect.delimiter,
            "quoteStyle": "QuoteStyle.None" if dialect.quotes == "never" else "QuoteStyle.Csv",
            "csvStyle": "CsvStyle.QuoteAlways"
            if dialect.quotes == "always"
            else "CsvStyle.QuoteAfterDelimiter",
            "encoding": dialect.model_encoding,
        }
        match self.column_headers:
            case "boolean":
                settings["columnHeaders"] = dialect.header
            case "string":
                settings["columnHeaders"] = str(dialect.header).lower()
            case "lie":
                settings["columnHeaders"] = not dialect.header
            case "absent":
                pass
        return settings


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _data_type(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "int64"
    if kind.is_float():
        return "double"
    if kind.is_temporal():
        return "dateTime"
    return "boolean" if kind == pl.Boolean() else "string"
