"""What is written of interests while columns and people change them, with times as coarse as
Mailchimp's.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.runs.interests import Decision, Wanted, decide

NEWS, OFFERS = 1, 2


@pytest.mark.parametrize(
    ("wanted", "held", "changed", "decision"),
    [
        # A first time that the export wants for contacts who were there.
        (Wanted(give=NEWS, first=NEWS), 0, 50, Decision(NEWS, 0, 0, 0)),
        (Wanted(give=NEWS, first=NEWS), NEWS, 50, Decision(0, 0, 0, 0)),
        # Nobody has touched it since it was given, or since it was taken.
        (Wanted(take=NEWS, gave=NEWS, changed=50), NEWS, 50, Decision(0, NEWS, 0, 0)),
        (Wanted(give=NEWS, took=NEWS, changed=50), 0, 99, Decision(NEWS, 0, 0, 0)),
        # Given by others: never taken.
        (Wanted(take=NEWS, changed=50), NEWS, 50, Decision(0, 0, 0, 0)),
        # Somebody has touched the contact since: in doubt it stays, unless the old answer is newer.
        (Wanted(take=NEWS, gave=NEWS, changed=50, read_at=60), NEWS, 60, Decision(0, 0, NEWS, 0)),
        (Wanted(take=NEWS, gave=NEWS, changed=50, read_at=61), NEWS, 60, Decision(0, NEWS, 0, 0)),
        # Somebody has taken what was given: theirs stays, and it is not ours any more.
        (Wanted(give=NEWS, lost=NEWS, changed=60), 0, 60, Decision(0, 0, NEWS, 0)),
        (Wanted(give=NEWS, gave=NEWS, changed=50), 0, 60, Decision(0, 0, NEWS, NEWS)),
        (Wanted(give=NEWS, lost=NEWS, read_at=61), 0, 60, Decision(NEWS, 0, 0, 0)),
        (Wanted(take=NEWS, gave=NEWS, changed=50), 0, 60, Decision(0, 0, 0, NEWS)),
        # A time that is not known decides nothing for us.
        (Wanted(take=NEWS, gave=NEWS, read_at=61), NEWS, 0, Decision(0, 0, NEWS, 0)),
        # Each interest by itself.
        (
            Wanted(give=OFFERS, take=NEWS, first=OFFERS, gave=NEWS, changed=50),
            NEWS,
            50,
            Decision(OFFERS, NEWS, 0, 0),
        ),
    ],
)
def test_a_person_s_own_word_stays_where_it_is_newer_or_in_doubt(
    wanted: Wanted, held: int, changed: int, decision: Decision
) -> None:
    assert decide(wanted, held, changed) == decision


@dataclass
class Side:
    """One interest of one contact, as Mailchimp, a person, the column and this product see it."""

    existing: bool
    now: float = 1_000.0
    held: bool = False
    changed: int = 0
    # Who has ticked it last, and when; None while it is not held.
    by: str | None = None
    by_at: float = 0.0
    answer: bool | None = None
    read: bool | None = None
    read_at: int = 0
    gave: bool = False
    took: bool = False
    lost: bool = False
    written: int = 0
    looked: float = 0.0
    taken: list[str] = field(default_factory=list)

    def tick(self, has: bool) -> None:
        """A person saves the form; two times take a second at least."""
        self.now += 1.0
        if has != self.held:
            self.held, self.by, self.by_at = has, "person" if has else None, self.now
        self.changed = int(self.now)

    def edit(self) -> None:
        """Somebody changes another value of the contact."""
        self.now += 0.3
        self.changed = int(self.now)

    def export(self, read_at: int) -> None:
        """A run with what the column holds now, in a snapshot of that time."""
        self.now += 0.4
        answer = self.answer
        if answer is None:
            return
        if self.read is None or answer != self.read:
            self._write(answer)
            self.read, self.read_at = answer, read_at

    def _write(self, answer: bool) -> None:
        first = self.read is None
        give = answer and (not first or self.existing)
        wanted = Wanted(
            give=int(give),
            take=int(not answer and not first),
            first=int(first and give),
            gave=int(self.gave),
            took=int(self.took),
            lost=int(self.lost),
            changed=self.written,
            read_at=self.read_at,
        )
        if not (wanted.give or wanted.take):
            return
        self.looked = self.now
        found = decide(wanted, int(self.held), self.changed)
        self.now += 0.2
        if found.take:
            self.taken.append(f"{self.by}")
            # What a person gave since our last call is theirs; older than the old answer it is not.
            assert self.by == "product" or self.by_at < self.read_at
        if found.give or found.take:
            self.held = bool(found.give)
            self.by, self.by_at = ("product", self.now) if found.give else (None, self.now)
            self.changed = int(self.now)
        self.gave = bool((self.gave and not found.lost and not found.take) or found.give)
        self.took = bool((self.took and not found.give) or found.take)
        self.lost = bool((self.lost and not found.give and not found.take) or found.lost)
        self.written = self.changed


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.booleans()),
        st.tuples(st.just("edit"), st.none()),
        st.tuples(st.just("answer"), st.sampled_from([True, False, None])),
        st.tuples(st.just("run"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(1, 5)),
    ),
    max_size=25,
)


@settings(max_examples=400, deadline=None)
@given(STEPS, st.booleans(), st.booleans())
def test_nothing_is_taken_that_a_person_gave_after_our_last_look(
    steps: list[tuple[str, object]], existing: bool, held: bool
) -> None:
    side = Side(existing, held=held, by="person" if held else None, changed=900)
    for step, what in steps:
        before = side.held, side.by
        match step:
            case "tick":
                side.tick(bool(what))
            case "edit":
                side.edit()
            case "answer":
                side.answer = what  # type: ignore[assignment]  # True, False or None, by STEPS
            case "run":
                side.export(int(side.now) - int(str(what)))
                if before[0] and not side.held:
                    assert side.gave is False
            case _:
                side.now += float(str(what))


@given(
    st.integers(0, 7), st.integers(0, 7), st.integers(0, 7), st.integers(0, 7), st.integers(0, 7)
)
def test_nothing_that_is_held_is_written_again_and_nothing_else_is_taken(
    give: int, take: int, gave: int, took: int, held: int
) -> None:
    take &= ~give
    wanted = Wanted(give, take, gave=gave, took=took, changed=50)
    found = decide(wanted, held, 50)
    assert found.give & held == 0
    assert found.take & ~(held & gave & take) == 0
    assert found.give & ~give == 0
    assert found.kept & (found.give | found.take) == 0
