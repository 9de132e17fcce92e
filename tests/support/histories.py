"""Histories of an audience's people under several exports, and what must hold after every run.

What is expected is worked out from who did what and what the segments say, by code that shares
nothing with the app: the simulator's audience is looked at before and after each run.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from local.mailchimp.control import ContactState
from local.sample_data import write_export
from local.stack import SEGMENT_CONTAINER
from shared.runs import chunks
from shared.runs.stopping import request_cancel
from tests.support.steps import Steps

PEOPLE = 12
# The segments of three exports; the last one gives a tag that the first gives, too.
EXPORTS = (("S0", "S1"), ("S2",), ("S3",))
TAGS = {"S0": "T0", "S1": "T1", "S2": "T2", "S3": "T0"}
THEIRS = "Press"
Act = Literal[
    "form",
    "leave",
    "bounce",
    "archive",
    "unsubscribe",
    "confirm",
    "changes",
    "moves",
    "returns",
    "name",
]
Fault = Literal["", "lost", "leaves", "stopped", "dead"]
Leavers = Literal["untag", "keep", "archive", "unsubscribe"]
_START = datetime(2026, 1, 10, 6, tzinfo=UTC)
_REMOVING = {"archived", "unsubscribed"}


@dataclass(frozen=True)
class Round:
    """What happens before a run, and the run: in its middle `who` may leave.

    moves: person and segment that it enters or leaves. renewed: segments that have a new snapshot.
    """

    moves: tuple[tuple[int, str], ...] = ()
    acts: tuple[tuple[Act, int], ...] = ()
    renewed: frozenset[str] = frozenset(TAGS)
    audience: Literal["", "tag", "field"] = ""
    export: int = 0
    fault: Fault = ""
    who: int = 0


@dataclass
class Known:
    """What is true of a contact: whether calls of the app alone have brought it here.

    archived: by the app, and untouched since. seen: a run saw it unsubscribed, by itself or by
    others, and it has not come back since. touched: something else happened to it than runs.
    """

    ours: bool = False
    archived: bool = False
    by_us: bool = False
    seen: bool = False
    touched: bool = False


@dataclass
class World:
    """Three exports on one audience, and its people."""

    exports: list[Steps]
    policies: Sequence[Leavers]
    inside: dict[str, set[int]] = field(default_factory=lambda: {s: set() for s in TAGS})
    # Of each segment the addresses in its newest snapshot, and in the one that was exported last.
    newest: dict[str, set[str]] = field(default_factory=dict)
    exported: dict[str, set[str]] = field(default_factory=dict)
    ever: dict[int, set[str]] = field(default_factory=lambda: {n: set() for n in range(3)})
    ran: set[int] = field(default_factory=set)
    address: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PEOPLE), 0))
    names: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PEOPLE), 0))
    known: dict[str, Known] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    # Who has had another address in Mailchimp than Customer Insights has.
    changed: set[int] = field(default_factory=set)
    clock: "itertools.count[int]" = field(default_factory=itertools.count)
    renamed: "itertools.count[int]" = field(default_factory=itertools.count)
    tag_ids: dict[str, int] = field(default_factory=dict)
    field_tag: str = "FNAME"

    @classmethod
    def make(cls, first: Steps, policies: Sequence[Leavers]) -> "World":
        """Set the exports up; some people are in the audience before, with a tag of others."""
        for name in first.files():
            first.segments.delete_blob(f"{first.folder}/{name}")

        def changes(n: int) -> dict[str, Any]:
            segments = [{"name": s, "tag": TAGS[s]} for s in EXPORTS[n]]
            limits = {"removal_limit_percent": 100, "leavers": policies[n]}
            return {"segments": segments, **limits}

        first.change(**changes(0))
        others = [first.beside(f"-{n}", **changes(n)) for n in (1, 2)]
        world = cls([first, *others], policies)
        there = [{"email": world.email(n), "tags": [THEIRS]} for n in (0, 6)]
        first.mailchimp.put_contacts(first.audience, there)
        return world

    @property
    def steps(self) -> Steps:
        """The first export, for what is the same with all."""
        return self.exports[0]

    def email(self, person: int, version: int | None = None) -> str:
        """The address that Customer Insights has of somebody, or had."""
        number = self.address[person] if version is None else version
        return self.steps.email(100 * (number + 1) + person)

    def person(self, email: str) -> int:
        """Whose an address is."""
        return int(email.split("-")[0]) % 100

    def contacts(self) -> dict[str, ContactState]:
        """All contacts by their ids, which stay."""
        return {
            one.contact_id: one for one in self.steps.mailchimp.iter_contacts(self.steps.audience)
        }

    def play(self, rounds: Sequence[Round]) -> None:
        """Let rounds happen, each with its run."""
        for one in rounds:
            self._happen(one)
            self._write(one.renewed)
            self._run(one.export, one.fault, one.who)

    def _happen(self, one: Round) -> None:
        for person, segment in one.moves:
            self.inside[segment] ^= {person}
        for act, person in one.acts:
            self._act(act, person)
        mailchimp, audience = self.steps.mailchimp, self.steps.audience
        number = next(self.renamed)
        if one.audience == "tag" and self.tag_ids:
            here = {id_: name for name, id_ in mailchimp.tags(audience).items()}
            id_ = self.tag_ids[min(self.tag_ids)]
            mailchimp.rename_tag(audience, here[id_], f"Called {number}")
        if one.audience == "field":
            mailchimp.rename_field(audience, self.field_tag, f"F{number}")
            self.field_tag = f"F{number}"
        # Seconds pass, so that the times of two things differ.
        mailchimp.set(clock_offset_seconds=10.0 * (number + 1))

    def _act(self, act: Act, person: int) -> None:
        if act == "moves":
            self.address[person] += 1
        elif act == "returns":
            self.address[person] = 0
        elif act == "name":
            self.names[person] += 1
        elif act == "form":
            email = self.email(person)
            self.steps.mailchimp.resubscribe_by_form(self.steps.audience, email)
            (id_,) = (i for i, one in self.contacts().items() if one.email == email)
            self.known[id_] = Known(touched=True)
        else:
            self._act_upon_contact(act, person)

    def _act_upon_contact(self, act: Act, person: int) -> None:
        """Let something happen to the contact that somebody has, the newest of several."""
        mine = [i for i, one in self.contacts().items() if self.person(one.email) == person]
        if not mine:
            return
        one = self.contacts()[mine[-1]]
        if act == "confirm" and one.status != "pending":
            return
        if one.status == "archived" and act in ("bounce", "unsubscribe"):
            return
        mailchimp, audience = self.steps.mailchimp, self.steps.audience
        if act == "changes":
            new = self.email(person, 40 + next(self.renamed))
            mailchimp.change_email(audience, one.email, new)
            self.known[one.contact_id] = Known(touched=True)
            self.changed.add(person)
            return
        acts = {
            "leave": mailchimp.unsubscribe_by_self,
            "bounce": mailchimp.bounce,
            "archive": mailchimp.archive,
            "unsubscribe": mailchimp.unsubscribe_by_admin,
            "confirm": mailchimp.confirm,
        }
        acts[act](audience, one.email)
        known = self.known.setdefault(one.contact_id, Known())
        hidden = act == "leave" and one.status == "archived"
        if act != "confirm" and not hidden:
            known.ours = known.archived = known.by_us = False
        known.touched = True

    def _write(self, renewed: frozenset[str]) -> None:
        tables: dict[str, Any] = {}
        for segment in sorted(renewed):
            people = sorted(self.inside[segment])
            self.newest[segment] = {self.email(n) for n in people}
            tables[segment] = {
                "CustomerId": [f"{self.steps.name}-{n}" for n in people],
                "Email": [self.email(n) for n in people],
                "FirstName": [self.first_name(n) for n in people],
            }
        if tables:
            stamp = _START + timedelta(hours=2 * next(self.clock))
            container = self.steps.services.segment_container(SEGMENT_CONTAINER)
            write_export(container, self.steps.folder, tables, stamp=stamp)

    def first_name(self, person: int) -> str:
        """What somebody is called now."""
        return f"P{person} {self.names[person]}"

    def _run(self, export: int, fault: Fault = "", who: int = 0) -> dict[str, Any]:
        """Make a run and look at what it did."""
        before = self.contacts()
        for one in before.values():
            known = self.known.setdefault(one.contact_id, Known())
            known.seen |= one.status == "unsubscribed" and not known.by_us
        record = self._made(export, fault, before, who)
        assert record["status"] in ("succeeded", "partial", "cancelled"), record
        self.ran.add(export)
        for segment in EXPORTS[export]:
            self.exported[segment] = self.newest[segment]
            self.ever[export] |= self.newest[segment]
        self._look(export, before, self.contacts())
        for name, id_ in self.steps.mailchimp.tags(self.steps.audience).items():
            if name in TAGS.values():
                self.tag_ids.setdefault(name, id_)
        return record

    def _made(
        self, export: int, fault: Fault, before: dict[str, ContactState], who: int
    ) -> dict[str, Any]:
        steps = self.exports[export]
        mailchimp, audience = steps.mailchimp, steps.audience
        mine = [one for one in before.values() if self.person(one.email) == who]
        leaves = fault == "leaves" and mine and mine[-1].status == "subscribed"
        if fault == "lost":
            mailchimp.fail_next(rf"POST /lists/{audience}($|\?)", "reset_after_work")
        if leaves:
            calls = rf"POST /lists/{audience}($|\?)"
            mailchimp.act_upon(calls, "before", "unsubscribe_by_self", audience, mine[-1].email)
        run = steps.start()
        steps.plan(run)
        if fault == "dead":
            claimed = chunks.claim(steps.app.blobs, steps.app.leases, run, 0, begun=False)
            if claimed is not None:
                # A lane that ended in a call, which never came to Mailchimp.
                claimed.kept.release()
        if fault in ("dead", "stopped"):
            request_cancel(steps.app, run, reason=None, by="test")
        else:
            steps.lane()
        steps.finish(run)
        mailchimp.clear_faults()
        acted = mailchimp.acted_upon()
        if leaves and acted == [1]:
            self.known[mine[-1].contact_id] = Known(touched=True)
            self.told.append(mine[-1].contact_id)
        return steps.record(run)

    def _look(
        self, export: int, before: dict[str, ContactState], after: dict[str, ContactState]
    ) -> None:
        """Check what a run did to each contact."""
        assert before.keys() <= after.keys()
        for id_ in after.keys() - before.keys():
            self._look_at_new(after[id_])
        for id_, old in before.items():
            new = after[id_]
            if id_ in self.told:
                # Left in the middle of the run.
                assert new.status in ("unsubscribed", "archived"), (old, new)
                continue
            self._look_at_status(export, old, new)
            self._look_at_tags(export, old, new)
        self.told.clear()

    def _look_at_new(self, new: ContactState) -> None:
        person = self.person(new.email)
        if new.status == "archived" and person in self.changed:
            # Created, as nobody can know before, and taken back at once.
            self.known[new.contact_id] = Known(touched=True)
            return
        assert new.status == "subscribed"
        gone = [
            one
            for one in self.contacts().values()
            if self.person(one.email) == person and self._is_seen(one)
        ]
        assert not gone, ("created under another address", new, gone)
        self.known[new.contact_id] = Known(ours=True)

    def _is_seen(self, one: ContactState) -> bool:
        """Whether an export has seen an address unsubscribed that its segments had."""
        had = set().union(*self.ever.values())
        return self.known.get(one.contact_id, Known()).seen and one.email in had

    def _look_at_status(self, export: int, old: ContactState, new: ContactState) -> None:
        known = self.known[old.contact_id]
        if new.status == old.status:
            return
        change = (self.policies, export, known, old, new)
        if new.status == "pending":
            # Asked to come back.
            assert old.status == "archived", change
            assert known.archived, change
            known.archived = False
            return
        assert old.status == "subscribed", change
        assert new.status in _REMOVING, change
        assert known.ours, change
        assert old.email not in self._held(), change
        if new.status == "unsubscribed":
            # Under another address somebody has not left.
            here = {self.person(email) for email in self._held()}
            assert self.person(old.email) not in here, change
        known.archived = new.status == "archived"
        known.by_us = new.status == "unsubscribed"
        known.ours = known.archived

    def _held(self) -> set[str]:
        """Whom an export's newest snapshots have, or a milder one has ever had."""
        held: set[str] = set()
        for number in self.ran:
            if self.policies[number] == "keep":
                held |= self.ever[number]
            for segment in EXPORTS[number]:
                held |= self.newest[segment]
        return held

    def _look_at_tags(self, export: int, old: ContactState, new: ContactState) -> None:
        called = {id_: name for name, id_ in self.steps.mailchimp.tags(self.steps.audience).items()}
        now = {tag: called.get(id_, tag) for tag, id_ in self.tag_ids.items()}
        lost, got = old.tags - new.tags, new.tags - old.tags
        mine = {now.get(TAGS[s], TAGS[s]) for s in EXPORTS[export]}
        assert lost <= mine, (old, new)
        assert got <= mine, (old, new)
        for segment, tag in TAGS.items():
            given = self.exported.get(segment, set())
            if now.get(tag, tag) in lost:
                assert old.email not in given, (export, segment, old, new)
        if old.status != "subscribed" and new.status != "pending":
            assert not got, (old, new)

    def settle(self) -> None:
        """Renew everything and run until nothing is due but who has to answer first."""
        self._happen(Round())
        self._write(frozenset(TAGS))
        due = {number: self._run(number).get("due", 0) for number in range(3)}
        for number in due:
            if any(due.values()):
                due[number] = self._run(number).get("due", 0)
        held = self._held()
        # Who was asked and has not answered is due until then.
        asked = [one for one in self.contacts().values() if one.status == "pending"]
        assert max(due.values()) <= sum(one.email not in held for one in asked), due
        for one in self.contacts().values():
            known = self.known[one.contact_id]
            acts = set(self.policies) <= {"archive", "unsubscribe"}
            if acts and known.ours and not known.touched and one.email not in held:
                assert one.status != "subscribed", ("left behind", one, known)
            if self.person(one.email) not in self.changed:
                self._look_at_end(one)
        missing = held - {one.email for one in self.contacts().values()}
        for email in missing:
            person = self.person(email)
            assert (
                self.email(person) != email
                or person in self.changed
                or any(
                    self._is_seen(one)
                    for one in self.contacts().values()
                    if self.person(one.email) == person
                )
            ), ("never created", email)

    def _look_at_end(self, one: ContactState) -> None:
        called = {id_: name for name, id_ in self.steps.mailchimp.tags(self.steps.audience).items()}
        wanted = {
            called[self.tag_ids[tag]] for s, tag in TAGS.items() if one.email in self.newest[s]
        }
        if one.status == "subscribed":
            assert wanted <= one.tags, (one, wanted)
            if "keep" not in self.policies:
                assert one.tags <= wanted | {THEIRS}, (one, wanted)
            if wanted:
                name = self.first_name(self.person(one.email))
                assert one.merge_fields[self.field_tag] == name, (one, name)
