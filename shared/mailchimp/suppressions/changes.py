"""Reading what changed in a status: the end of its list by time of last change.

The end of the sorted list, and not `since_last_changed`, because Mailchimp's `total_items` counts
what the query finds: this way one call gives the new ones and the number of all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, pairwise

from shared.mailchimp.answers import MembersPage, read_moment
from shared.mailchimp.suppressions.calls import ReadPage
from shared.mailchimp.suppressions.lines import lines_of
from shared.mailchimp.suppressions.pages import COUNT, STEP

# A status that changed by more pages than this is listed anew: side by side, with checkpoints.
MOST_PAGES = 20
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Increment:
    """Who is in a status with a change since some time, and how many are in it altogether."""

    lines: set[bytes]
    total: int
    as_of: datetime


def read_changes(
    read: ReadPage, status: str, since: datetime, expected: int, *, bounded: bool
) -> Increment | None:
    """Return what changed since then; None where that is too much and `bounded`.

    `expected` is how many the status held at the last look.
    """
    pages: list[MembersPage] = []

    def page_at(offset: int) -> MembersPage:
        pages.append(read(status=status, offset=offset, count=COUNT, sort="last_changed"))
        return pages[-1]

    start = max(0, expected - STEP)
    tail = page_at(start)
    while not tail.items and start > 0:
        # Many have left: the list ends before this page.
        start = max(0, min(start, tail.total_items) - STEP)
        tail = page_at(start)
    end, last = start, tail
    while len(last.items) >= COUNT:
        if bounded and len(pages) >= MOST_PAGES:
            return None
        end += STEP
        last = page_at(end)
    oldest = tail
    while start > 0 and oldest.items and _changed(oldest.items[0]) >= since:
        if bounded and len(pages) >= MOST_PAGES:
            return None
        start = max(0, start - STEP)
        oldest = page_at(start)
    if not all(_in_order(page) for page in pages):
        return _read_filtered(read, status, since)
    items = (item for page in pages for item in page.items if _changed(item) >= since)
    return Increment(set(lines_of(item[0] for item in items)), last.total_items, pages[0].date)


def read_returned(read: ReadPage, since: datetime, most_pages: int) -> set[bytes] | None:
    """Return who is subscribed and was changed since then; None where those are too many."""
    lines: set[bytes] = set()
    for page in _pages_since(read, "subscribed", since):
        if page.total_items > most_pages * STEP:
            return None
        lines.update(lines_of(item[0] for item in page.items))
    return lines


def _read_filtered(read: ReadPage, status: str, since: datetime) -> Increment:
    """Do without Mailchimp's sorting, at the price of one call more."""
    pages = list(_pages_since(read, status, since))
    lines = {line for page in pages for line in lines_of(item[0] for item in page.items)}
    total = read(status=status, count=1).total_items
    return Increment(lines, total, pages[0].date)


def _pages_since(read: ReadPage, status: str, since: datetime) -> Iterator[MembersPage]:
    """Yield the pages of who has this status and was changed since then."""
    for offset in count(0, STEP):
        page = read(status=status, offset=offset, count=COUNT, since_last_changed=since)
        yield page
        if len(page.items) < COUNT:
            return


def _in_order(page: MembersPage) -> bool:
    times = [_changed(item) for item in page.items]
    return all(a <= b for a, b in pairwise(times))


def _changed(item: Sequence[str]) -> datetime:
    return read_moment(item[2]) or _NEVER
