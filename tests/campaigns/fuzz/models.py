"""model.json: tables that the rest can rely on, or ModelUnusableError."""

import codecs
import json
from typing import Any

from shared.segments.format import codec_name
from shared.segments.model import ModelTable, ModelUnusableError, read_model
from tests.campaigns.fuzz.target import Target

_FOLDER = "CustomerInsights_x/BlobExport"


def check(data: bytes) -> None:
    """Fail when a text is neither read nor refused, or when what is read can't be used."""
    try:
        tables = read_model(data, _FOLDER)
    except ModelUnusableError:
        return
    for table in tables:
        _check_table(table)


def _check_table(table: ModelTable) -> None:
    assert table.name
    assert table.columns is None or (table.columns and all(table.columns))
    names = [table.name, *(table.columns or ()), *table.types, *table.types.values()]
    for said in (table.format, *(partition.format for partition in table.partitions)):
        assert said.delimiter is None or len(said.delimiter.encode()) == 1
        assert said.encoding is None or codecs.lookup(said.encoding)
        assert said.encoding == codec_name(said.encoding)
        assert said.header in (None, True, False)
        assert said.columns == table.columns
    for partition in table.partitions:
        assert partition.paths
        names += partition.paths
    # Names go into answers and logs, which are UTF-8.
    "".join(names).encode()


def _model(*entities: Any, **members: Any) -> bytes:
    return json.dumps({"name": "x", "version": "1.0", "entities": entities, **members}).encode()


_SETTINGS = {
    "$type": "CsvFormatSettings",
    "columnHeaders": "false",
    "delimiter": ",",
    "quoteStyle": "QuoteStyle.Csv",
    "encoding": "UTF-8",
}
_ENTITY: dict[str, Any] = {
    "$type": "LocalEntity",
    "name": "VIP",
    "attributes": [
        {"name": "CustomerId", "dataType": "string"},
        {"name": "Email", "dataType": "string"},
    ],
    "partitions": [
        {
            "name": "VIP_1",
            "location": f"https://x.blob.core.windows.net/c/{_FOLDER}/VIP/2026/VIP%20_1.csv?a=b",
            "fileFormatSettings": _SETTINGS,
        }
    ],
}
_TRAIT = {
    "location": "VIP/VIP_1.csv",
    "cdm:traits": [
        {
            "traitReference": "is.partition.format.CSV",
            "arguments": [
                {"name": "columnHeaders", "value": True},
                {"name": "delimiter", "value": "\\t"},
            ],
        }
    ],
}

TARGET = Target(
    name="models",
    check=check,
    seeds=(
        _model(_ENTITY),
        _model(_ENTITY | {"partitions": [_TRAIT]}),
        codecs.BOM_UTF8 + _model(_ENTITY, tables=[]),
        json.dumps({"tables": [_ENTITY]}).encode(),
        _model({"name": "VIP", "partitions": [{"location": "//[::1/x"}, {"location": "a b/%zz"}]}),
        _model({"name": [1], "attributes": [{"name": None}, {"name": ""}, 1]}, None, "x"),
        _model({"name": "half a pair \ud800", "attributes": [{"name": "\udc00"}]}),
        _model(_ENTITY | {"partitions": [{"location": "x", "fileFormatSettings": [_SETTINGS]}]}),
        b'{"entities": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"entities": [{"name": 1e999}, {"name": NaN}]}',
        b'{"entities": {}}',
        b"[]",
        b"",
    ),
    words=(
        *(b'"entities"', b'"tables"', b'"name"', b'"attributes"', b'"partitions"', b'"location"'),
        *(
            b'"dataType"',
            b'"fileFormatSettings"',
            b'"columnHeaders"',
            b'"delimiter"',
            b'"encoding"',
        ),
        *(b'"cdm:traits"', b'"traitReference"', b'"is.partition.format.CSV"', b'"arguments"'),
        *(b'"value"', b'"quoteStyle"', b'"QuoteStyle.None"', b'"unicode"', b'"1252"', b"\\ud800"),
        *(b"null", b"true", b"1e999", b"{", b"}", b"[", b"]", b":", b",", b"://", b"%2F", b"\xff"),
    ),
    covers=("shared.segments.model", "shared.segments.format"),
    json=True,
)
