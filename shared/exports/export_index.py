"""The exports at a glance: of each what lists, neighbours and the tick need, in a few reads.

`index/exports/`, kept by whoever saves or deletes an export (shared/exports/store.py).
"""

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Self

from shared.exports.models import Schedule, Source, StoredExport
from shared.platform.blobs import Document


@dataclass(frozen=True)
class IndexedExport:
    """An export as far as it is indexed. segments: name and tag of each, in their order."""

    name: str
    uid: str
    display_name: str
    connection: str | None
    audience_id: str
    container: str
    folder: str
    segments: tuple[tuple[str, str], ...]
    times: dict[str, Any]
    scheduled_since: str
    stale_after_hours: float = 72

    @classmethod
    def of(cls, export: StoredExport) -> Self:
        """Return what is indexed of a stored export."""
        return cls(
            name=export.name,
            uid=export.uid,
            display_name=export.display_name,
            connection=export.connection,
            audience_id=export.audience_id,
            container=export.source.container,
            folder=export.source.folder,
            segments=tuple((segment.name, segment.tag) for segment in export.segments),
            times=export.schedule.model_dump(mode="json"),
            scheduled_since=export.scheduled_since,
            stale_after_hours=float(export.stale_after_hours),
        )

    @classmethod
    def outline(cls, export: StoredExport) -> Self:
        """Return the little that can be told of an export whose document can't be read."""
        return cls(
            name=export.name,
            uid=export.uid,
            display_name=export.name,
            connection=None,
            audience_id=export.audience_id,
            container="",
            folder="",
            segments=tuple((segment.name, segment.tag) for segment in export.segments),
            times={"active": False, "kind": "none", "cron": [], "time_zone": "UTC"},
            scheduled_since="",
        )

    @classmethod
    def read(cls, facts: Document) -> Self:
        """Return what `facts` has put into the index."""
        given = {name: facts[name] for name in _FIELDS if name in facts}
        return cls(**{**given, "segments": tuple((name, tag) for name, tag in facts["segments"])})

    def facts(self) -> Document:
        """Return what is written to the index."""
        return asdict(self)

    @cached_property
    def schedule(self) -> Schedule:
        """When it runs by itself; it was checked as it was saved."""
        return Schedule.model_construct(**self.times)

    @property
    def source(self) -> Source:
        """Where its segments are written."""
        return Source.model_construct(container=self.container, folder=self.folder)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tag of each segment, in the order of the segments."""
        return tuple(tag for _, tag in self.segments)

    @property
    def segment_names(self) -> tuple[str, ...]:
        """The segments in their order."""
        return tuple(name for name, _ in self.segments)


_FIELDS = tuple(field.name for field in fields(IndexedExport))
