"""Which exports run after which, and whether one would begin itself again that way."""

from collections.abc import Iterable, Mapping

from shared.exports.export_index import IndexedExport


def predecessors(exports: Iterable[IndexedExport]) -> dict[str, str]:
    """Return for each export that runs after another one which that is, switched off or not."""
    return {
        export.name: after
        for export in exports
        if (after := export.schedule.predecessor) is not None
    }


def leads_back(export: str, after: str, known: Mapping[str, str]) -> bool:
    """Return whether an export that runs after `after` would, by what is known, follow itself."""
    seen: set[str] = set()
    at: str | None = after
    while at is not None and at not in seen:
        if at == export:
            return True
        seen.add(at)
        at = known.get(at)
    return False
