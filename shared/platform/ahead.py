"""Makes the next item of an iteration while somebody works on this one."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor


def one_ahead[T](items: Iterator[T]) -> Generator[T]:
    """Yield the items, none of which may be None; close it to stop early.

    Raises what making an item raises, in its place.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
