"""Makes what comes next while something else is done with what is there."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor


def one_ahead[T](items: Iterator[T]) -> Generator[T]:
    """Yield items of which none is None; another thread makes one while the last is worked on.

    What making them raises comes out where its item would have come. Close it to stop early: it
    ends when the item being made is there.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="one-ahead") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
