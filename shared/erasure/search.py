"""Who is looked for while a person is erased: what is found may bring further names.

What leads to the person is stored, and kept out, before anything that has led there is removed.
"""

from collections.abc import Callable, Iterable
from threading import RLock

from shared.erasure.person import Names, Person

# The code of a piece whose turn has not come, for want of memory: nothing is wrong with it.
BUSY = "busy"


class PieceError(Exception):
    """A piece can't be cleaned now; `code` says why, and is told to whoever asked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Search:
    """The person as known so far, shared by all who look for them at the same time.

    given: who was asked for. keep: stores what was learnt, and returns once it is safe. note_told:
    stores that lanes were told.
    """

    def __init__(
        self,
        given: Person,
        person: Person,
        keep: Callable[[Person], None],
        note_told: Callable[[], None],
    ) -> None:
        self.given = given
        self._note_told = note_told
        self._person = person
        self._keep = keep
        self._lock = RLock()

    @property
    def person(self) -> Person:
        """Everything that the person is known by so far."""
        return self._person

    def note_told(self) -> None:
        """Note that lanes were told just now: a moment later none of them sends the person."""
        with self._lock:
            self._note_told()

    def learn(self, rows_of: Callable[[Person], Iterable[Names]]) -> Person:
        """Take in what rows about the person say until they say nothing new; return who it is."""
        while True:
            before = self._person
            rows = list(rows_of(before))
            with self._lock:
                grown = self._person.widened_by(rows, self.given)
                if grown.knows_more_than(self._person):
                    self._keep(grown)
                    self._person = grown
                if not self._person.knows_more_than(before):
                    return self._person
