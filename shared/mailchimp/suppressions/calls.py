"""Calls to Mailchimp under slots, by as many workers as get one, until the time is up."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from shared.accounts.slots import NoSlotError
from shared.mailchimp.answers import MembersPage
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RetryError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_SLOT_PAUSE = 1.0


class OutOfTimeError(Exception):
    """The caller's time is up; what is done so far is kept."""


class HeldSlot(Protocol):
    """What this part needs of `shared.accounts.slots.Slot`."""

    def call[**P, R](self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make one call to Mailchimp."""
        ...

    def busy_seconds(self) -> float:
        """Return how long the next call must wait."""
        ...


ClientSource = Callable[[], AbstractContextManager[MailchimpClient]]
# Gives a slot, or None, or raises NoSlotError: then it is asked again.
SlotSource = Callable[[], AbstractContextManager[HeldSlot | None]]
ReadPage = Callable[..., MembersPage]
Task = Callable[[ReadPage], None]


class Caller:
    """Reads pages of one audience's contacts until `deadline` (monotonic clock).

    `made` counts the calls, failed ones included.
    """

    def __init__(
        self,
        audience_id: str,
        client_factory: ClientSource,
        slots: SlotSource,
        deadline: float,
    ) -> None:
        self._audience_id = audience_id
        self._client_factory = client_factory
        self._slots = slots
        self._deadline = deadline
        self._lock = threading.Lock()
        self.made = 0

    def seconds_left(self) -> float:
        """Return how long there is still time for."""
        return self._deadline - time.monotonic()

    def run(self, tasks: Sequence[Task], workers: int = 1) -> None:
        """Do the tasks, each worker under a slot of its own; a task gets a page reader.

        Raises OutOfTimeError when not all are done, and what Mailchimp can't be asked again about.
        """
        work = _Work(deque(tasks))
        threads = [
            threading.Thread(target=self._work, args=(work,), name="suppressions")
            for _ in range(min(workers, len(tasks)) - 1)
        ]
        for thread in threads:
            thread.start()
        if tasks:
            self._work(work)
        for thread in threads:
            thread.join()
        if work.error is not None:
            raise work.error
        if work.waiting:
            raise OutOfTimeError

    def _work(self, work: "_Work") -> None:
        try:
            with self._client_factory() as client:
                while work.waiting and not work.over.is_set() and self.seconds_left() > 0:
                    if not self._work_in_slot(work, client):
                        work.over.wait(min(_SLOT_PAUSE * _jitter(), max(0, self.seconds_left())))
        except OutOfTimeError:
            pass
        except BaseException as error:  # handed to the thread that waits for the workers
            work.error = work.error or error
            work.over.set()

    def _work_in_slot(self, work: "_Work", client: MailchimpClient) -> bool:
        """Do tasks while there are some; False where no slot was free."""
        try:
            with self._slots() as slot:
                if slot is None:
                    return False
                while (task := work.take()) is not None:
                    try:
                        task(self._reader(work, slot, client))
                    except BaseException:
                        work.waiting.append(task)
                        raise
        except NoSlotError:
            return False
        return True

    def _reader(self, work: "_Work", slot: HeldSlot, client: MailchimpClient) -> ReadPage:
        calls = client.under(slot.call)

        def read(**query: object) -> MembersPage:
            pause = _FIRST_PAUSE
            while True:
                if work.over.is_set() or slot.busy_seconds() >= self.seconds_left():
                    raise OutOfTimeError
                with self._lock:
                    self.made += 1
                try:
                    return calls.members(self._audience_id, **query)  # type: ignore[arg-type]  # the tasks name its parameters
                except RetryError:
                    if pause >= self.seconds_left():
                        raise OutOfTimeError from None
                work.over.wait(pause * _jitter())
                pause = min(2 * pause, _LONGEST_PAUSE)

        return read


class _Work:
    """The tasks that wait, shared by the workers."""

    def __init__(self, waiting: deque[Task]) -> None:
        self.waiting = waiting
        self.over = threading.Event()
        self.error: BaseException | None = None

    def take(self) -> Task | None:
        try:
            return None if self.over.is_set() else self.waiting.popleft()
        except IndexError:
            return None


def _jitter() -> float:
    return random.uniform(0.5, 1.0)  # noqa: S311 - spreads calls, guards nothing
