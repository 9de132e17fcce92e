"""Random runs, one after the other, on an audience in memory: what must hold after each of them.

The parts of a run are put together as plan, lanes and finish do it, without storage. What is
expected is worked out by loops over the snapshots that share no code with them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

import polars as pl
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.accounts.ways import Way
from shared.exports.filters import Condition
from shared.mailchimp.answers import ContactError
from shared.platform.blobs import Blobs
from shared.runs import payload
from shared.runs.codes import NAMES, NUMBER
from shared.runs.finishing.fold import (
    Answered,
    Folded,
    Results,
    Times,
    fold,
    parts_of,
    results_of,
)
from shared.runs.job import Job
from shared.runs.ledger import Flag
from shared.runs.payload import ChunkIndex, Item, Items, LeaverItem, TagItem, UpsertItem, all_of
from shared.runs.planning import cutting, difference, eligibility
from shared.runs.planning.cutting import Work
from shared.runs.planning.difference.policy import Policy
from shared.runs.planning.difference.safety_stop import Removals
from shared.runs.planning.profiles import ProfileColumns, gather
from shared.runs.planning.row_filter import RowFilter, one_row_per_profile
from shared.runs.run_table import Action
from shared.runs.sending import calls
from shared.runs.sending.calls import Answers
from tests.support.audience_model import AudienceModel, Contact
from tests.support.tables import GIVEN, SUPPRESSED, compare, ledger_of

# Tags of the export's three segments; the third has two of them, and another export gives 10 too.
SEGMENT_TAGS = [0, 1, 1]
TAG_IDS = {0: 10, 1: 11}
OURS = {10, 11}
FOREIGN = 90
PEOPLE = "abch"
REFUSED = "h@x.org"
Leavers = Literal["untag", "keep", "archive", "unsubscribe"]
Withdrawn = Literal["untag", "archive", "unsubscribe"]
# segment, CustomerId, address as written, name, consent
Row = tuple[int, str, str, str, str]


@dataclass(frozen=True)
class Step:
    """One run and what happens before it. faults: what becomes of its calls, in their order."""

    rows: tuple[Row, ...]
    events: tuple[tuple[str, str], ...] = ()
    leavers: Leavers = "untag"
    withdrawn: Withdrawn = "untag"
    # Names that the export's filter lets through; none: it has no filter.
    wanted: tuple[str, ...] = ()
    full: bool = False
    untrusted: bool = False
    faults: tuple[str, ...] = ()
    most: int = 2


@dataclass
class Memory:
    """Blobs, as far as a payload needs them."""

    data: bytes = b""

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        del name
        self.data = b"".join(pieces)

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        del name
        return self.data[offset : offset + length]


class StoppedError(Exception):
    """The lane of a chunk has died; `sent`: with a call under way."""

    def __init__(self, *, sent: bool) -> None:
        self.sent = sent


@dataclass
class World:
    """The audience, the export's ledger, and what is known of them without the app."""

    audience: AudienceModel
    status_for_new: str
    way: Way = "status_if_new"
    ledger: pl.DataFrame = field(default_factory=lambda: ledger_of([]))
    theirs: set[str] = field(default_factory=set)
    archived_by_us: set[str] = field(default_factory=set)
    # Of who has left, the ledger does not know any more which values it was sent.
    have_left: set[str] = field(default_factory=set)
    # The names of the profiles that the last plan read, by their numbers.
    names: list[str] = field(default_factory=list)
    # Under which CustomerIds addresses have been seen.
    ids: dict[str, set[str]] = field(default_factory=dict)

    def happen(self, what: str, email: str) -> None:
        """Let somebody else change the audience."""
        held = self.audience.contacts.get(email)
        self.audience.clock += 1
        match what:
            case "other export gives" if held is None or held.status == "subscribed":
                (held or self.audience.put(email.upper())).tags.add(10)
                self.theirs.add(email)
            case "other export drops" if email in self.theirs:
                self.theirs.discard(email)
                if held is not None and not self._holds(email):
                    held.tags.discard(10)
            case "marketer tags" if held is not None:
                held.tags.add(FOREIGN)
            case "unsubscribed" | "cleaned" | "archived" | "subscribed" if held is not None:
                held.status = what
                held.changed = self.audience.clock
                if what == "subscribed":
                    held.since = held.changed
                self.archived_by_us.discard(email)
            case _:
                pass

    def _holds(self, email: str) -> bool:
        mine = self.ledger.filter(pl.col("email") == email)
        return any(tags & ~left & 1 for tags, left in mine.select("tags", "left").iter_rows())

    def is_unsubscribed_elsewhere(self, email: str) -> bool:
        """Return whether a CustomerId of this address has unsubscribed under another one."""
        return any(
            ids & self.ids[email]
            for other, ids in self.ids.items()
            if other != email
            and other in self.audience.contacts
            and self.audience.contacts[other].status == "unsubscribed"
        )

    def suppressed(self) -> pl.DataFrame:
        rows = [
            (email, held.status)
            for email, held in self.audience.contacts.items()
            if held.status != "subscribed"
        ]
        return pl.DataFrame(rows, schema=SUPPRESSED, orient="row")


def batches(rows: Sequence[Row], segment: int) -> list[pa.RecordBatch]:
    mine = [row[1:] for row in rows if row[0] == segment]
    names = ("CustomerId", "Mail", "Name", "Consent")
    return [
        pa.RecordBatch.from_pydict(
            {name: pa.array([row[i] for row in mine], pa.string()) for i, name in enumerate(names)}
        )
    ]


def keep(values: pl.DataFrame) -> pl.DataFrame:
    """Keep a digest of the one value, and whether there is one."""
    name = pl.col("Name")
    return values.select(
        digest=name.str.len_bytes().cast(pl.UInt64) * 1000 + name.hash() % 1000,
        fields=(name != "").cast(pl.UInt64),
        name=name,
    )


def plan(world: World, step: Step) -> tuple[pl.DataFrame, Removals]:
    """Return the table of a run, as build.py puts it together."""
    row_filter = None
    if step.wanted:
        row_filter = RowFilter((Condition(field="Name", op="in", values=list(step.wanted)),))
    columns = ProfileColumns("Mail", ("Name",), "Consent", frozenset({"yes"}), filter=row_filter)
    profiles = gather([(f"s{n}", batches(step.rows, n)) for n in range(3)], columns, keep)
    world.names = profiles.frame["name"].to_list()
    frame = profiles.frame.drop("name").with_row_index("profile")
    flags = pl.col("flags")
    own = world.ledger.select(
        "email",
        archived=((flags & int(Flag.ARCHIVED)) != 0) & (pl.col("moved_to") > 0),
        pending=(flags & int(Flag.PENDING)) != 0,
    )
    suppressed = world.suppressed()
    classified = eligibility.classify(one_row_per_profile(frame), suppressed, own)
    answers = eligibility.answers(classified)
    judged = difference.contact_rows(classified, SEGMENT_TAGS).select(
        "profile",
        "email",
        "customer_id",
        "segments",
        "code",
        "state",
        "wanted",
        "digest",
        "fields",
    )
    policy = Policy(
        leavers=step.leavers,
        withdrawn=step.withdrawn,
        full=step.full,
        now=world.audience.clock,
        untrusted={0: "the snapshot of s0 is empty"} if step.untrusted else {},
    )
    others = pl.DataFrame(
        [(email, 1, True, True) for email in sorted(world.theirs)], schema=GIVEN, orient="row"
    )
    table, removals = compare(
        judged, world.ledger, policy, others, suppressed, dict(enumerate(SEGMENT_TAGS)), answers
    )
    return table.with_row_index("row"), removals


def send(world: World, step: Step, work: Work) -> list[tuple[Any, ...]]:
    """Send all chunks; return of each its kind, number of items, blocks and how many are unsure."""
    blobs = cast(Blobs, Memory())
    names = world.names
    # A value as field_values.py writes it.
    index = cutting.write(
        blobs,
        "payload",
        work,
        lambda rows: pl.Series(
            ['{"FNAME":"' + names[row] + '"}' if names[row] else '{"FNAME":null}' for row in rows],
            dtype=pl.String,
        ),
        2,
    )
    faults = iter(step.faults)
    ends: list[tuple[Any, ...]] = []
    stopped = False
    for chunk in index:
        items = payload.read_chunk(blobs, "payload", chunk)
        assert len(items) == chunk.items
        blocks: list[dict[str, Any]] = []
        maybe = 0
        # The last phase waits for all before it; a stopped run does not come to it.
        if not (stopped and chunk.phase):
            try:
                send_chunk(world, step, chunk, items, blocks, faults)
            except StoppedError as error:
                stopped, maybe = True, step.most * 2 if error.sent else 0
        ends.append((chunk.kind, len(items), blocks, maybe))
    return ends


def send_chunk(
    world: World,
    step: Step,
    chunk: ChunkIndex,
    items: Items[Item],
    blocks: list[dict[str, Any]],
    faults: Iterator[str],
) -> None:
    job = Job(
        "run",
        "list",
        {bit: (f"t{id_}", id_) for bit, id_ in TAG_IDS.items()},
        ("FNAME",),
        world.status_for_new,
    )
    client = world.audience
    position = 0
    while position < len(items):
        match chunk.kind:
            case "upsert":
                upserts = items.of(UpsertItem)
                size = calls.upsert_size(upserts, position, step.most, world.way)
            case "tag":
                size = calls.tag_size(items.of(TagItem), position, step.most)
            case _:
                size = 1
        batch = items[position : position + size]
        first = world.audience.clock
        attempt = caller(chunk, client, job, batch, world.way)
        match next(faults, ""):
            case "not sent":
                raise StoppedError(sent=False)
            case "lost":
                attempt(None)
                raise StoppedError(sent=True)
            case "given up":
                answers = calls.given_up(size, "Mailchimp did not answer")
            case "put off" if chunk.phase:
                answers = calls.not_now(size)
            case "again":
                attempt(None)
                answers = attempt(first)
            case _:
                answers = attempt(None)
        answers.during = first, world.audience.clock
        blocks.append(answers.block(position, batch))
        position += size
    for bit, places in calls.lacking_of(blocks).items():
        bad = calls.give_tag(client, job, bit, [items[place].email for place in places])
        assert not bad
        blocks.append({"tag": bit, "items": places})


def caller(
    chunk: ChunkIndex, client: Any, job: Job, batch: Sequence[Item], way: Way
) -> Callable[[int | None], Answers]:
    match chunk.kind:
        case "upsert":
            upserts, updating = all_of(UpsertItem, batch), calls.Updating(way)
            return lambda tried: calls.upsert(client, job, updating, upserts, {}, tried)()
        case "tag":
            return lambda _: calls.change_tags(client, job, all_of(TagItem, batch))
        case "archive":
            (leaver,) = all_of(LeaverItem, batch)
            return lambda tried: calls.archive(client, job, calls.Leaving(leaver, tried=tried))
        case _:
            (leaver,) = all_of(LeaverItem, batch)
            return lambda tried: calls.unsubscribe(client, job, calls.Leaving(leaver, tried=tried))


def run(world: World, step: Step) -> tuple[Folded, Removals]:
    """Make a run from its snapshots to the next ledger."""
    for _, id_, mail, _, _ in step.rows:
        world.ids.setdefault(mail.strip().lower(), set()).add(id_)
    table, removals = plan(world, step)
    planned_at = world.audience.clock
    pending = world.status_for_new == "pending"
    work = cutting.work_of(table, new_first=world.way != "status_if_new", shared_tags=1)
    ends = send(world, step, work)

    def results(*kinds: str) -> Results:
        mine = [end[1:] for end in ends if end[0] in kinds]
        return results_of(mine, sum(items for items, *_ in mine))

    result = fold(
        parts_of(table.drop("row", "profile", "state")),
        Answered(
            (work.upserts["row"], results("upsert")),
            (work.tag_ops.drop("email", "last"), results("tag")),
            (work.singles["row"], results("archive", "unsubscribe")),
        ),
        Times(now=world.audience.clock, since=planned_at, until=world.audience.clock),
        pending=pending,
        consent=True,
    )
    world.ledger = result.ledger
    return result, removals


@dataclass(frozen=True)
class Expected:
    """What a snapshot says, worked out by hand: rows of the outcomes, and tags per address.

    in_doubt: who has a row that only a blank keeps out.
    """

    pairs: set[tuple[str, str]]
    tags: dict[str, set[int]]
    in_doubt: set[str]


def expected(step: Step) -> Expected:
    rows = step.rows
    pairs = {(mail.strip().lower(), id_) for _, id_, mail, _, _ in rows}
    refusing = {mail.strip().lower() for _, _, mail, _, consent in rows if consent != "yes"}
    tags: dict[str, set[int]] = {}
    for segment, _, mail, _, _ in let_through(step):
        email = mail.strip().lower()
        if "@" in email and email not in refusing:
            tags.setdefault(email, set()).add([10, 11, 11][segment])
    in_doubt = {mail.strip().lower() for _, _, mail, name, _ in rows if step.wanted and not name}
    return Expected(pairs, tags, in_doubt - refusing)


def let_through(step: Step) -> list[Row]:
    """Return the rows that the filter doesn't keep out."""
    return [row for row in step.rows if not step.wanted or row[3] in step.wanted]


def check_run(world: World, step: Step, before: dict[str, Contact], result: Folded) -> None:
    """Check what holds after every run, whatever went wrong in it."""
    now, wanted = world.audience.contacts, expected(step)
    # One outcome per pair, and one per leaver.
    rows = result.outcomes.select("email", "customer_id", "segments", "code").rows()
    assert sorted((e, c) for e, c, mask, _ in rows if mask) == sorted(wanted.pairs)
    done = {
        NUMBER[code] for code in ("untagged", "archived", "unsubscribed", "unchanged", "failed")
    }
    leavers = [
        email
        for email, _, mask, code in rows
        if not mask or (code in done and email not in wanted.tags)
    ]
    assert len(leavers) == len(set(leavers))
    assert not set(leavers) & set(wanted.tags)
    world.have_left.update(leavers)
    assert sum(result.counts.values()) == len(rows)
    assert world.ledger["email"].n_unique() == world.ledger.height
    for email, old in before.items():
        new = now[email]
        # Nobody's tags but ours change.
        assert new.tags - OURS == old.tags - OURS
        if email not in wanted.tags and email not in leavers:
            assert new == old
        if old.status != "subscribed" and email not in world.archived_by_us:
            assert (new.status, new.fields) == (old.status, old.fields)
            assert new.tags <= old.tags if email in leavers else new.tags == old.tags
        if new.status in ("archived", "unsubscribed") and new.status != old.status:
            assert email in world.audience.created
            assert email in leavers
            assert email not in world.theirs
            assert email not in wanted.in_doubt
        if new.status == "archived" and old.status == "subscribed":
            world.archived_by_us.add(email)
        if new.status == "pending" and old.status != "pending":
            # Asked to come back.
            assert old.status == "archived"
            assert email in world.archived_by_us
            world.archived_by_us.discard(email)
    # No status was written to anybody who existed.
    assert world.audience.subscribed_from == []
    for email in set(now) - set(before):
        assert email in wanted.tags
        assert now[email].status == world.status_for_new


def check_end(world: World, step: Step, result: Folded, removals: Removals) -> None:
    """Check what holds after a run in which nothing went wrong."""
    wanted = expected(step).tags
    wanted = {e: tags for e, tags in wanted.items() if not world.is_unsubscribed_elsewhere(e)}
    leavers = {row[0] for row in result.outcomes.select("email", "segments").rows() if not row[1]}
    for email, held in world.audience.contacts.items():
        given = {10} if email in world.theirs else set()
        mine = held.tags & OURS
        if held.status == "subscribed" and email in wanted and email != REFUSED:
            assert mine >= wanted[email]
            if step.leavers != "keep" and not removals.withheld:
                assert mine == wanted[email] | given
            name = next(name for _, _, mail, name, _ in by_rule(let_through(step), email))
            if name or email not in world.have_left:
                assert held.fields.get("FNAME", "") == name
        if email in leavers and step.leavers != "keep" and not removals.withheld:
            assert mine <= given
    for email in wanted:
        assert email in world.audience.contacts or email == REFUSED
    again, _ = plan(world, replace(step, full=False))
    # Who waits does so until they answer.
    idle = pl.col("action").is_in([int(Action.NONE), int(Action.WAIT)])
    todo = again.filter(~idle | (pl.col("add") != 0) | (pl.col("remove") != 0))
    assert todo.is_empty(), todo
    assert not {NAMES[code] for code in result.outcomes["code"]} & {"failed"}


def by_rule(rows: Sequence[Row], email: str) -> list[Row]:
    """Return an address's rows, the one whose values count first."""
    mine = [row for row in rows if row[2].strip().lower() == email]
    earliest: dict[str, tuple[int, int]] = {}
    order = sorted(range(len(mine)), key=lambda place: (mine[place][0], place))
    for place in order:
        earliest.setdefault(mine[place][1], (mine[place][0], place))
    return [
        mine[place]
        for _, _, place in sorted((first, id_, place) for id_, (first, place) in earliest.items())
    ]


emails = st.sampled_from([f"{name}@x.org" for name in PEOPLE])
written = st.one_of(
    emails,
    emails.map(str.title),
    emails.map(" {} ".format),
    st.sampled_from(["", "nonsense"]),
)
snapshot_rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from("12345"),
        written,
        st.sampled_from(["Ann", "Bob", ""]),
        st.sampled_from(["yes"] * 9 + ["no"]),
    ),
    min_size=1,
    max_size=7,
).map(tuple)
events = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "other export gives",
                "other export drops",
                "marketer tags",
                "unsubscribed",
                "cleaned",
                "archived",
                "subscribed",
            ]
        ),
        emails,
    ),
    max_size=3,
).map(tuple)
steps = st.builds(
    Step,
    rows=snapshot_rows,
    events=events,
    leavers=st.sampled_from(["untag", "keep", "archive", "archive", "unsubscribe"]),
    withdrawn=st.sampled_from(["untag", "archive", "unsubscribe"]),
    full=st.sampled_from([False, False, False, True]),
    untrusted=st.sampled_from([False, False, False, True]),
    faults=st.lists(
        st.sampled_from(["", "", "lost", "not sent", "given up", "put off", "again"]), max_size=5
    ).map(tuple),
    most=st.integers(1, 3),
)
filtered_steps = st.builds(
    Step,
    rows=snapshot_rows,
    events=events,
    leavers=st.sampled_from(["untag", "keep", "archive", "unsubscribe"]),
    withdrawn=st.sampled_from(["untag", "archive"]),
    wanted=st.sampled_from([(), ("Ann",), ("Ann",), ("Ann", "Bob")]),
)
STATES = ["subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived"]
# Who is in the audience before the first run: nobody, some who are subscribed, some who are not.
there = st.tuples(
    *(
        st.tuples(
            st.sampled_from([None, "subscribed", "subscribed", *STATES]),
            st.sets(st.sampled_from([FOREIGN, 91])),
        )
        for _ in PEOPLE
    )
)


@settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    there,
    st.lists(steps, min_size=2, max_size=4),
    st.sampled_from(["subscribed", "subscribed", "pending"]),
    st.booleans(),
    st.sampled_from(["status_if_new", "no_status", "one_by_one"]),
)
def test_random_runs_do_what_the_segments_say_and_no_harm(
    there: tuple[tuple[str | None, set[int]], ...],
    steps: list[Step],
    status_for_new: str,
    tags_of_existing: bool,
    way: Way,
) -> None:
    world = world_of(there, status_for_new, way, tags_of_existing=tags_of_existing)
    check_steps(world, steps)


@settings(
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(there, st.lists(filtered_steps, min_size=2, max_size=3))
def test_random_filters_let_go_of_whom_they_say_and_archive_nobody_for_a_blank(
    there: tuple[tuple[str | None, set[int]], ...], steps: list[Step]
) -> None:
    check_steps(world_of(there, "subscribed", "status_if_new", tags_of_existing=True), steps)


def world_of(
    there: tuple[tuple[str | None, set[int]], ...],
    status_for_new: str,
    way: Way,
    *,
    tags_of_existing: bool,
) -> World:
    """Return a world in which some people are in the audience already."""
    error = ContactError(REFUSED, f"{REFUSED} looks fake or invalid", "ERROR_GENERIC")
    audience = AudienceModel(refused={REFUSED: error}, tags_of_existing=tags_of_existing)
    for name, (status, tags) in zip(PEOPLE, there, strict=True):
        if status is not None:
            audience.put(f"{name.upper()}@x.org", status, *tags)
    audience.put("Foreign@x.org", "subscribed", FOREIGN)
    return World(audience, status_for_new, way)


def check_steps(world: World, steps: Sequence[Step]) -> None:
    """Make the runs of all steps, and each once more with nothing going wrong."""
    audience = world.audience
    for step in steps:
        for event in step.events:
            world.happen(*event)
        before = audience.copy()
        result, _ = run(world, step)
        check_run(world, step, before, result)
        # Once more with nothing going wrong: everything is made good.
        before = audience.copy()
        clean = replace(step, faults=(), full=False)
        result, removals = run(world, clean)
        check_run(world, clean, before, result)
        check_end(world, clean, result, removals)


def test_a_tag_that_two_exports_give_goes_with_the_last_of_them_and_comes_back() -> None:
    world = World(AudienceModel(), "subscribed")
    inside = Step(((0, "1", "a@x.org", "Ann", "yes"), (1, "2", "b@x.org", "Bob", "yes")))
    outside = Step(((1, "1", "a@x.org", "Ann", "yes"), (1, "2", "b@x.org", "Bob", "yes")))
    run(world, inside)
    world.happen("other export gives", "a@x.org")
    for step in (outside, outside):
        run(world, step)
        assert world.audience.contacts["a@x.org"].tags == {10, 11}
    world.happen("other export drops", "a@x.org")
    assert world.audience.contacts["a@x.org"].tags == {11}
    run(world, inside)
    assert world.audience.contacts["a@x.org"].tags == {10}


def test_everybody_keeps_values_of_their_own_when_somebody_s_consent_is_gone() -> None:
    world = World(AudienceModel(), "subscribed")

    def row(n: int, name: str, consent: str = "yes") -> Row:
        return 0, str(n), f"{PEOPLE[n]}@x.org", name, consent

    run(world, Step((row(0, "Ann"), row(1, "Bob"), row(2, "Cid"))))
    run(world, Step((row(0, "Ann", "no"), row(1, "Bobby"), row(2, "Cindy"))))

    named = {email: held.fields["FNAME"] for email, held in world.audience.contacts.items()}
    assert named == {"a@x.org": "Ann", "b@x.org": "Bobby", "c@x.org": "Cindy"}


def test_whom_a_value_keeps_out_has_left_and_whom_a_blank_does_loses_tags_alone() -> None:
    world = World(AudienceModel(), "subscribed")
    rows: tuple[Row, ...] = tuple(
        (0, str(n), f"{who}@x.org", "Ann", "yes") for n, who in enumerate(PEOPLE[:3])
    )
    run(world, Step(rows))
    rows = (rows[0], (*rows[1][:3], "Bob", "yes"), (*rows[2][:3], "", "yes"))

    result, _ = run(world, Step(rows, leavers="archive", wanted=("Ann",)))

    told = {row[0][0]: (NAMES[row[2]], row[3], row[4]) for row in result.outcomes.rows()}
    assert told == {
        "a": ("unchanged", "", 1),
        "b": ("archived", "filtered", 1),
        "c": ("untagged", "filtered", 1),
    }
    assert {email[0]: held.status for email, held in world.audience.contacts.items()} == {
        "a": "subscribed",
        "b": "archived",
        "c": "subscribed",
    }
    # Back in the segments they are sent as they were.
    result, _ = run(world, Step(rows))
    assert {NAMES[code] for code in result.outcomes["code"]} <= {"updated", "unchanged"}


def test_whom_a_filter_let_go_of_is_not_archived_when_the_policy_changes_later() -> None:
    world = World(AudienceModel(), "subscribed")
    row: Row = (0, "1", "a@x.org", "Ann", "yes")
    run(world, Step((row,)))
    out = Step(((*row[:3], "Bob", "yes"),), wanted=("Ann",))
    first, _ = run(world, out)
    assert world.ledger.is_empty()

    second, _ = run(world, replace(out, leavers="archive"))

    assert [NAMES[code] for code in first.outcomes["code"]] == ["untagged"]
    assert [NAMES[code] for code in second.outcomes["code"]] == ["skipped_filtered"]
    assert world.audience.contacts["a@x.org"].status == "subscribed"


def test_who_is_filtered_and_refuses_has_withdrawn_her_consent() -> None:
    world = World(AudienceModel(), "subscribed")
    row: Row = (0, "1", "a@x.org", "Ann", "yes")
    run(world, Step((row,)))

    result, _ = run(
        world, Step(((*row[:3], "Bob", "no"),), wanted=("Ann",), withdrawn="unsubscribe")
    )

    [told] = result.outcomes.rows()
    assert (NAMES[told[2]], told[3]) == ("unsubscribed", "consent withdrawn")
