"""model.json, the Common Data Model description beside exported segments.

Read tolerantly: real ones give flags as strings, lack settings, list another run's files or spell
`entities` as `tables`. Format: https://learn.microsoft.com/common-data-model/model-json
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from shared.segments.format import CsvFormat, codec_name

# A blob's name has up to 1,024 characters, each of up to nine where it is escaped.
_LONGEST_LOCATION = 16 << 10
_CSV_TRAIT = "is.partition.format.CSV"
_INCREMENTAL_TRAIT = "is.partition.incremental"


class ModelUnusableError(Exception):
    """The text is no model.json."""


@dataclass(frozen=True)
class ModelPartition:
    """One data file; `paths` are spellings of its place, either of which may be the blob's."""

    paths: tuple[str, ...]
    format: CsvFormat


@dataclass(frozen=True)
class ModelTable:
    """One table of a model; `types` are its columns' CDM data types.

    `culture`: how its values are written (de-DE), None where it doesn't say.
    """

    name: str
    columns: tuple[str, ...] | None
    types: Mapping[str, str]
    partitions: tuple[ModelPartition, ...]
    culture: str | None = None

    @property
    def format(self) -> CsvFormat:
        """What may hold for files that it doesn't name: the first partition's settings."""
        first = self.partitions[0].format if self.partitions else CsvFormat(columns=self.columns)
        return replace(first, certain=False, skipped=0, unknown=())


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
    entities = document.get("entities") or document.get("tables")
    culture = document.get("culture")
    if not isinstance(entities, list):
        raise ModelUnusableError("it has no entities")
    return tuple(
        _table(name, entity, folder, culture if isinstance(culture, str) and culture else None)
        for entity in _objects(entities)
        if isinstance(name := entity.get("name"), str) and name
    )


def _table(name: str, entity: dict[str, Any], folder: str, culture: str | None) -> ModelTable:
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
        culture=culture,
    )


def _paths(location: object, folder: str) -> tuple[str, ...]:
    """Places a location may mean: with and without URL escapes, absolute or beside the model.

    The host is not looked at (`.blob.` and `.dfs.` serve the same files). A query may be a
    `snapshot` or a signature, but `?` and `#` may also belong to a name that isn't escaped.
    """
    if not isinstance(location, str) or len(location) > _LONGEST_LOCATION:
        return ()
    text = location.strip()
    scheme, separator, rest = text.partition("://")
    absolute = bool(separator) and scheme.isalnum()
    whole = f"/{rest.partition('/')[2]}" if absolute else text
    spelled = dict.fromkeys(
        spelling
        for cut in (re.split("[?#]", whole, maxsplit=1)[0], whole.partition("?")[0], whole)
        for spelling in (unquote(cut), cut)
    )
    beside = [] if absolute else [f"{folder}/{name.lstrip('/')}" for name in spelled]
    return tuple(name for name in (*spelled, *beside) if name.strip("/"))


def _format(partition: dict[str, Any], columns: tuple[str, ...] | None) -> CsvFormat:
    """Read the settings; what the trait says counts more, as in Microsoft's own library."""
    given = partition.get("fileFormatSettings")
    settings = (given if isinstance(given, dict) else {}) | _arguments(partition, _CSV_TRAIT)
    delimiter, encoding = settings.get("delimiter"), settings.get("encoding")
    quote, escape = settings.get("quote"), settings.get("escape")
    found = CsvFormat(
        delimiter=_delimiter(delimiter),
        # "None" is a word here: the style's name. Where nothing is said, values may be quoted.
        quoting=settings.get("quoteStyle") not in ("QuoteStyle.None", "None"),
        encoding=codec_name(encoding),
        header=_flag(settings.get("columnHeaders")),
        columns=columns,
        certain=True,
        escape=escape == "\\",
        quote=quote if isinstance(quote, str) and _can_quote(quote) else '"',
        ragged=_flag(settings.get("raggedRight")) is True,
        skipped=_count(settings.get("skipLines")),
        newline=_newline(settings.get("newline")),
    )
    return replace(found, unknown=tuple(_not_understood(partition, settings, found)))


def _not_understood(
    partition: dict[str, Any], settings: dict[str, Any], found: CsvFormat
) -> Iterator[str]:
    """Name what would make this reader take something else than what is meant."""
    if settings.get("delimiter") and found.delimiter is None:
        yield f"the delimiter {_shown(settings['delimiter'])}"
    if settings.get("encoding") and found.encoding is None:
        yield f"the encoding {_shown(settings['encoding'])}"
    if settings.get("escape") not in (None, "", "\\", '"'):
        yield f"the escape character {_shown(settings['escape'])}"
    if settings.get("quote") not in (None, "", found.quote):
        yield f"the quote character {_shown(settings['quote'])}"
    if incremental := _arguments(partition, _INCREMENTAL_TRAIT):
        yield f"changes of the type {_shown(incremental.get('type'))} instead of all rows"


def _shown(value: object) -> str:
    text = str(value)[:40]
    return text if text.isprintable() else ascii(text)


def _arguments(partition: dict[str, Any], trait: str) -> dict[str, Any]:
    """What a trait of a partition says, by name; a trait without arguments has its own name."""
    for key in ("cdm:traits", "exhibitsTraits"):
        for item in _named(partition.get(key)):
            if item.get("traitReference") == trait:
                found = {
                    argument["name"]: argument.get("value")
                    for argument in _objects(item.get("arguments"))
                    if isinstance(argument.get("name"), str)
                }
                return found or {"": None}
    return {}


def _named(value: object) -> Iterator[dict[str, Any]]:
    """Traits, which may be given by their name alone."""
    if isinstance(value, list):
        for item in value:
            yield from _objects([{"traitReference": item} if isinstance(item, str) else item])


def _delimiter(value: object) -> str | None:
    """One ASCII character that can separate values; anything else is left to detection."""
    text = {"\\t": "\t", "tab": "\t"}.get(value, value) if isinstance(value, str) else None
    if text is not None and len(text) == 1 and text.isascii() and text not in '"\r\n\0':
        return text
    return None


def _newline(value: object) -> str:
    text = value.replace("\\r", "\r").replace("\\n", "\n") if isinstance(value, str) else ""
    return text if text in ("\n", "\r\n", "\r") else ""


def _can_quote(text: str) -> bool:
    return len(text) == 1 and text.isascii() and not text.isalnum() and text not in "\\\r\n\0"


def _count(value: object) -> int:
    text = str(value).strip() if isinstance(value, str | int) else ""
    return int(text) if text.isdecimal() and len(text) < 4 else 0


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
