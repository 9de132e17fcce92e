"""Listing a status whole: pages side by side, each kept as a blob until all are there."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from shared.mailchimp.suppressions.calls import Caller, ReadPage
from shared.mailchimp.suppressions.lines import brought_over, lines_of, pack, unpack
from shared.mailchimp.suppressions.table import Table
from shared.platform.clock import from_text, to_text

COUNT = 1000
# Pages overlap by this much: contacts that leave the list while it is read move the later ones up.
# Up to so many are then made good; more would leave the number read above Mailchimp's, which shows.
MARGIN = 10
STEP = COUNT - MARGIN
_READERS = 8


@dataclass(frozen=True)
class Listed:
    """All of one status: its lines, Mailchimp's total, and when the first of it was read."""

    lines: set[bytes]
    total: int
    as_of: datetime


@dataclass(frozen=True)
class _Page:
    total: int
    date: datetime


class Listing:
    """The pages of some statuses below one folder; whoever comes later goes on with them."""

    def __init__(self, table: Table, name: str, is_erased: Callable[[str], bool]) -> None:
        """Addresses of which `is_erased` is true are left out."""
        self._table = table
        self._is_erased = is_erased
        self._folder = f"{table.pages_folder}{name}/"
        self._pages: dict[tuple[str, int], _Page] = {}
        for blob in table.blobs.list(self._folder, metadata=True):
            status, _, offset = blob.name[len(self._folder) :].partition("/")
            self._pages[status, int(offset)] = _Page(
                int(blob.metadata["total"]), from_text(blob.metadata["date"])
            )

    def read(self, caller: Caller, statuses: Sequence[str], workers: int) -> None:
        """Read the pages that are missing; raises OutOfTimeError."""
        # The first pages say how many others there are.
        for _ in range(2):
            missing = [place for place in self._places(statuses) if place not in self._pages]
            caller.run([partial(self._read_page, *place) for place in missing], workers)

    def collect(self, status: str) -> Listed:
        """Put the pages of a status together; raises BlobMissingError where one was erased."""
        pages = {place: page for place, page in self._pages.items() if place[0] == status}
        lines: set[bytes] = set()
        with ThreadPoolExecutor(_READERS) as readers:
            for data in readers.map(self._table.blobs.read, map(self._name, pages)):
                # An earlier version may have read some of them.
                lines.update(brought_over(unpack(data)))
        newest = max(pages.values(), key=lambda page: page.date)
        return Listed(lines, newest.total, min(page.date for page in pages.values()))

    def _places(self, statuses: Sequence[str]) -> list[tuple[str, int]]:
        places = []
        for status in statuses:
            first = self._pages.get((status, 0))
            end = max(1, first.total - MARGIN) if first else 1
            places += [(status, offset) for offset in range(0, end, STEP)]
        return places

    def _read_page(self, status: str, offset: int, read: ReadPage) -> None:
        page = read(status=status, offset=offset, count=COUNT)
        self._table.blobs.write(
            self._name((status, offset)),
            pack(lines_of(item[0] for item in page.items if not self._is_erased(item[0]))),
            metadata={"total": str(page.total_items), "date": to_text(page.date)},
        )
        self._pages[status, offset] = _Page(page.total_items, page.date)

    def _name(self, place: tuple[str, int]) -> str:
        return f"{self._folder}{place[0]}/{place[1]:09d}"
