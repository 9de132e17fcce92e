"""model.json, the Common Data Model description beside exported segments.

Read tolerantly: real ones give flags as strings, lack settings, list another run's files or spell
`entities` as `tables`. Format: https://learn.microsoft.com/common-data-model/model-json
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.segments.format import CsvFormat, codec_name

# A blob's name has up to 1,024 characters, each of up to nine where it is escaped.
_LONGEST_LOCATION = 16 << 10
_CSV_TRAIT = "is.partition.format.CSV"


class ModelUnusableError(Exception):
    """The text is no model.json."""


@dataclass(frozen=True)
class ModelPartition:
    """One data file; `paths` are spellings of its place, either of which may be the blob's."""

    paths: tuple[str, ...]
    format: CsvFormat


@dataclass(frozen=True)
class ModelTable:
    """One table of a model; `types` are its columns' CDM data types."""

    name: str
    columns: tuple[str, ...] | None
    types: Mapping[str, str]
    partitions: tuple[ModelPartition, ...]

    @property
    def format(self) -> CsvFormat:
        """The settings of the first partition, or none but the columns."""
        return self.partitions[0].format if self.partitions else CsvFormat(columns=self.columns)


def read_model(data: bytes, folder: str) -> tuple[ModelTable, ...]:
    """Read a model.json that lies in `folder`; raises ModelUnusableError."""
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text)
        if "\\u" in text:
            # Half a surrogate pair passes as JSON, and whatever shows such a name would fail.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ModelUnusableError("it is no JSON document") from None
    if not isinstance(document, dict):
        raise ModelUnusableError("it is no JSON object")
    entities = document.get("entities", document.get("tables"))
    if not isinstance(entities, list):
        raise ModelUnusableError("it has no entities")
    return tuple(
        _table(name, entity, folder)
        for entity in _objects(entities)
        if isinstance(name := entity.get("name"), str) and name
    )


def _table(name: str, entity: dict[str, Any], folder: str) -> ModelTable:
    attributes = list(_objects(entity.get("attributes")))
    names = [attribute.get("name") for attribute in attributes]
    columns = tuple(column for column in names if isinstance(column, str) and column)
    known = columns if columns and len(columns) == len(names) else None
    return ModelTable(
        name=name,
        columns=known,
        types={
            column: kind
            for column, attribute in zip(names, attributes, strict=True)
            if isinstance(column, str) and isinstance(kind := attribute.get("dataType"), str)
        },
        partitions=tuple(
            ModelPartition(paths, _format(partition, known))
            for partition in _objects(entity.get("partitions"))
            if (paths := _paths(partition.get("location"), folder))
        ),
    )


def _paths(location: object, folder: str) -> tuple[str, ...]:
    """Places a location may mean: with and without URL escapes, absolute or beside the model.

    The host is not looked at (`.blob.` and `.dfs.` serve the same files), nor is the query, which
    may be a `snapshot` or a signature.
    """
    if not isinstance(location, str) or len(location) > _LONGEST_LOCATION:
        return ()
    try:
        path = urlsplit(location.strip()).path
    except ValueError:
        return ()
    spelled = dict.fromkeys((unquote(path), path))
    beside = [f"{folder}/{text.lstrip('/')}" for text in spelled] if "://" not in location else []
    return tuple(text for text in (*spelled, *beside) if text.strip("/"))


def _format(partition: dict[str, Any], columns: tuple[str, ...] | None) -> CsvFormat:
    settings = partition.get("fileFormatSettings")
    if not isinstance(settings, dict):
        settings = _trait_arguments(partition)
    return CsvFormat(
        delimiter=_delimiter(settings.get("delimiter")),
        # "None" is a word here: the style's name. Where nothing is said, values may be quoted.
        quoting=settings.get("quoteStyle") not in ("QuoteStyle.None", "None"),
        encoding=codec_name(settings.get("encoding")),
        header=_flag(settings.get("columnHeaders")),
        columns=columns,
    )


def _trait_arguments(partition: dict[str, Any]) -> dict[str, Any]:
    """The same settings where they are only given as a trait."""
    for trait in _objects(partition.get("cdm:traits")):
        if trait.get("traitReference") == _CSV_TRAIT:
            return {
                argument["name"]: argument.get("value")
                for argument in _objects(trait.get("arguments"))
                if isinstance(argument.get("name"), str)
            }
    return {}


def _delimiter(value: object) -> str | None:
    """One ASCII character that can separate values; anything else is left to detection."""
    text = {"\\t": "\t", "tab": "\t"}.get(value, value) if isinstance(value, str) else None
    if text is not None and len(text) == 1 and text.isascii() and text not in '"\r\n\0':
        return text
    return None


def _flag(value: object) -> bool | None:
    match str(value).strip().lower() if isinstance(value, str | int) else "":
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            return None


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
