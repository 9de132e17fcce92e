"""Taking a person out of the records of runs: previews show CustomerIds as samples."""

from collections.abc import Iterator, Mapping

from shared.app import App
from shared.erasure.person import Person
from shared.erasure.search import Search
from shared.platform.blobs import Document
from shared.runs import names, run_index
from shared.runs.preview_plan import mask

_HIDDEN = "(erased)"


def pieces(app: App) -> Iterator[str]:
    """Yield every run."""
    return run_index.newest_first(app.blobs)


def erase(app: App, run: str, search: Search) -> Mapping[str, int]:
    """Remove a person from one run's record."""
    name, person = names.record_name(run), search.person
    found = app.blobs.read_document(name)
    if found is None or _without(found[0], person) == found[0]:
        return {}
    app.blobs.update_document(name, lambda record: _without(record, person))
    return {f"previews/{run}": 1}


def _without(record: Document, person: Person) -> Document:
    """Return a record without samples of the person, and without their addresses in its texts."""
    kept = dict(record)
    masked = {mask(address) for address in person.spellings}
    if samples := (record.get("plan") or {}).get("samples"):
        shown = {
            # A masked address may be another person's: then one sample is lost, and nothing else.
            kind: [
                one
                for one in some
                if one["customer_id"] not in person.customer_ids and one["email"] not in masked
            ]
            for kind, some in samples.items()
        }
        kept["plan"] = {**record["plan"], "samples": shown}
    for member in ("warnings", "error"):
        if member in kept:
            kept[member] = _hidden(kept[member], person)
    return kept


def _hidden(value: object, person: Person) -> object:
    match value:
        case str():
            return _HIDDEN if any(a in value.lower() for a in person.spellings) else value
        case list():
            return [_hidden(one, person) for one in value]
        case dict():
            return {name: _hidden(one, person) for name, one in value.items()}
        case _:
            return value
