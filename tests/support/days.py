"""Two exports on one audience, each of one segment, and the days on which those are renewed."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.runs.record import RunRequest
from shared.runs.start import start_run
from tests.support.steps import Steps

# So many others that whoever leaves is no reason for a stop.
CROWD = {"VIP": range(20, 60), "Club": range(70, 110)}


@dataclass(frozen=True)
class Row:
    """A profile: a person's number, that of its address, and what else its columns hold."""

    person: int
    at: int
    name: str = "Ana"
    consent: str = "yes"
    email: str | None = None


def who(person: int, at: int | None = None, **more: str) -> Row:
    """A person's row; `at`: the number of another address than the first one."""
    return Row(person, person if at is None else at, **more)


@dataclass
class Days:
    """E1 (`vip`) has the segment VIP, E2 (`club`) has Club; E1 runs before E2."""

    vip: Steps
    club: Steps
    _days: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def begin(cls, steps: Steps, club: dict[str, object] | None = None, **both: object) -> "Days":
        """Give both exports some members, and the second one some of its own."""
        for name in steps.files():
            steps.segments.delete_blob(f"{steps.folder}/{name}")
        steps.change(removal_limit_percent=100, **both)
        return cls(steps, steps.beside("-club", segments=["Club"], **(club or {})))

    def renew(
        self, *, vip: Iterable[Row | int] | None = None, club: Iterable[Row | int] | None = None
    ) -> None:
        """Write a day's snapshots, of the segments that are given, with their crowds."""
        day = next(self._days)
        for segment, people in (("VIP", vip), ("Club", club)):
            if people is None:
                continue
            rows = [one if isinstance(one, Row) else who(one) for one in people]
            rows += [who(number) for number in CROWD[segment]]
            text = "CustomerId,Email,FirstName,Consent\n" + "".join(map(self._line, rows))
            self.vip.put(f"{segment}/2026/11/{day:02}/0600/{segment}_1.csv", text)

    def _line(self, row: Row) -> str:
        email = self.vip.email(row.at) if row.email is None else row.email
        return f"{self.vip.name}-{row.person},{email},{row.name},{row.consent}\n"

    def run(self, *exports: Steps) -> None:
        """Let exports run, one after the other; both where none is named."""
        for one in exports or (self.vip, self.club):
            record = one.run()
            assert record["status"] in ("succeeded", "partial"), record

    def run_with(self, export: Steps, *, allow_removals: bool) -> None:
        """Let an export run with what a person has allowed."""
        request = RunRequest(requested_by="test", allow_removals=allow_removals)
        run = start_run(export.app, export.export(), request).id
        export.plan(run)
        export.lane()
        export.finish(run)

    def outcome(self, export: Steps, at: int, run: str | None = None) -> str:
        """What an export's newest run says of an address."""
        rows = export.outcomes(run or self.newest(export))
        return {row["email"]: row["code"] for row in rows}[self.vip.email(at)]

    def newest(self, export: Steps) -> str:
        """The id of an export's newest run."""
        folder = f"runs/{export.export_name or export.name}/"
        return max(export.app.blobs.folders(folder))

    def status(self, at: int) -> str:
        """The status of an address in the audience, `missing` where it is in none."""
        found = self.vip.mailchimp.contacts(self.vip.audience).get(self.vip.email(at))
        return "missing" if found is None else found.status

    def tags(self, at: int) -> set[str]:
        """The tags of an address."""
        contact = self.vip.mailchimp.contacts(self.vip.audience)[self.vip.email(at)]
        return set(contact.tags)
