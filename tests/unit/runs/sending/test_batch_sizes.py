"""How many contacts a call holds where Mailchimp does not answer large ones in time."""

from collections.abc import Callable
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.platform.blobs import Blobs
from shared.runs.sending.batch_sizes import MAX_BATCH, MIN_BATCH, BatchSizes

PLACE = "account", "audience", "upsert"


class Memory:
    """Blobs, as far as sizes need them."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def read_document(self, name: str) -> tuple[dict[str, Any], str] | None:
        return (self.documents[name], "etag") if name in self.documents else None

    def update_document(
        self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any] | None:
        if name not in self.documents:
            return None
        self.documents[name] = change(self.documents[name])
        return self.documents[name]

    def create_document(self, name: str, document: dict[str, Any]) -> str:
        self.documents[name] = document
        return "etag"


def sizes_of(blobs: Memory) -> BatchSizes:
    return BatchSizes(cast(Blobs, blobs))


def calls(sizes: BatchSizes, limit: int, count: int) -> list[int]:
    """Make calls that are answered up to a limit; return the sizes of those that were not."""
    failed = []
    for _ in range(count):
        size = sizes.current(*PLACE)
        if size > limit:
            failed.append(size)
            sizes.timed_out(*PLACE, size)
        else:
            sizes.worked(*PLACE, size)
    return failed


@settings(deadline=None)
@given(st.integers(MIN_BATCH, MAX_BATCH))
def test_few_calls_are_lost_until_a_size_is_found_that_is_nearly_the_largest(limit: int) -> None:
    sizes = sizes_of(Memory())
    failed = calls(sizes, limit, 600)
    assert len(failed) <= 5
    assert len(failed) == len(set(failed))
    assert limit / 2 <= sizes.current(*PLACE) <= limit


@settings(deadline=None)
@given(st.integers(MIN_BATCH, MAX_BATCH - 1))
def test_an_attempt_with_more_falls_back_to_what_worked(limit: int) -> None:
    sizes = sizes_of(Memory())
    calls(sizes, limit, 600)
    settled = sizes.current(*PLACE)
    assert calls(sizes, limit, 600) == []
    assert sizes.current(*PLACE) == settled


def test_lanes_that_fail_at_once_learn_one_lesson() -> None:
    sizes = sizes_of(Memory())
    for _ in range(8):
        sizes.timed_out(*PLACE, 500)
    assert sizes.current(*PLACE) == 250


def test_another_process_need_not_learn_it_again() -> None:
    blobs = Memory()
    sizes_of(blobs).timed_out(*PLACE, 500)
    assert sizes_of(blobs).current(*PLACE) == 250


def test_what_no_longer_works_is_left_behind() -> None:
    sizes = sizes_of(Memory())
    calls(sizes, MAX_BATCH, 10)
    assert calls(sizes, 120, 20) == [500, 250, 125]
    assert sizes.current(*PLACE) <= 120


def test_a_small_call_that_times_out_says_nothing_about_large_ones() -> None:
    sizes = sizes_of(Memory())
    sizes.timed_out(*PLACE, 60)
    assert sizes.current(*PLACE) == 500
