"""Among what an export is checked: what is there, or what a file will make of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from shared.exports.export_index import IndexedExport

if TYPE_CHECKING:
    from shared.exports.checks.audience import AudienceView


@dataclass(frozen=True)
class Surroundings:
    """What other than the export counts when it is checked.

    from_file: many exports are saved together, by somebody who makes their connections ready later:
    one that isn't ready is a warning, and each audience is asked once. coming: connections that the
    file makes, or gives another secret: whom they lead to isn't known yet. exports:
    those of the file, as they will be.
    """

    from_file: bool = False
    coming: frozenset[str] = frozenset()
    exports: tuple[IndexedExport, ...] = ()
    _views: dict[tuple[str, str, bool, bool], "AudienceView"] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def view(
        self, place: tuple[str, str, bool, bool], ask: Callable[[], "AudienceView"]
    ) -> "AudienceView":
        """Return what Mailchimp says of a place: a connection, an audience, and whether interests
        and permissions count.

        One place at a time: the account has one connection for people, and all would wait for it.
        """
        if not self.from_file:
            return ask()
        with self._lock:
            if place not in self._views:
                self._views[place] = ask()
            return self._views[place]

    def others(self, stored: Iterable[IndexedExport]) -> list[IndexedExport]:
        """Return all exports as they will be: of those that the file has, as they are there."""
        named = {export.name for export in self.exports}
        return [*self.exports, *(export for export in stored if export.name not in named)]


AS_IT_IS = Surroundings()
