"""How the CSV files of an export are written; real ones differ, and little of it is documented."""

import codecs
import io
from dataclasses import dataclass
from typing import Literal

import polars as pl

_POLARS_QUOTES: dict[str, Literal["always", "necessary", "never"]] = {
    "always": "always",
    "needed": "necessary",
    "never": "never",
}


@dataclass(frozen=True)
class Dialect:
    """One way to write CSV; `encoding` is a Python codec, `bom` writes its byte order mark."""

    header: bool = True
    delimiter: str = ","
    quotes: Literal["always", "needed", "never"] = "needed"
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    null: str = ""

    def encode(self, frame: pl.DataFrame) -> bytes:
        """The bytes of one file with these rows."""
        file = io.BytesIO()
        frame.write_csv(
            file,
            include_header=self.header,
            separator=self.delimiter,
            quote_style=_POLARS_QUOTES[self.quotes],
            line_terminator=self.newline,
            null_value=self.null,
            datetime_format="%Y-%m-%dT%H:%M:%S.000Z",
        )
        if codecs.lookup(self.encoding).name == "utf-8":
            return (codecs.BOM_UTF8 if self.bom else b"") + file.getvalue()
        mark = "\ufeff" if self.bom else ""
        return (mark + file.getvalue().decode()).encode(self.encoding)

    @property
    def model_encoding(self) -> str:
        """The encoding's name as model.json spells it."""
        return self.encoding.upper()
