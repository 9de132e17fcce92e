"""Checks an export against everything that can be asked before it is saved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.audiences.owned_tags import ids_of, owned_tags
from shared.audiences.warnings import audience_warnings
from shared.exports import accounts, connections, store
from shared.exports.access import Caller, may_use
from shared.exports.errors import ConnectionUnusableError
from shared.exports.export_index import IndexedExport
from shared.exports.field_sources import columns_named, member_of
from shared.exports.models import Export, StoredConnection, StoredExport
from shared.exports.schedule_checks import are_close, has_times, is_circle, predecessor_missing
from shared.exports.surroundings import AS_IT_IS, Surroundings
from shared.mailchimp.answers import Account, Audience, MergeField, Tag, may_not_write
from shared.mailchimp.errors import AudienceNotFoundError, BlockedError, RetryError, StopError
from shared.mailchimp.merge_fields import MERGE_FIELD_LIMIT, Resolution, resolve_mapping
from shared.notice import Notice
from shared.platform.clock import utc_now
from shared.platform.errors import CloudError
from shared.segments.columns import CUSTOMER_ID, find_column

_READERS = 16


@dataclass(frozen=True)
class Problem:
    """What keeps an export from being saved; `where` as in `segments.0.tag`."""

    where: str
    message: str
    code: str = "invalid_value"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Findings:
    """Every problem, and warnings, which don't keep an export from being saved.

    `unread` fields of the export hold a stand-in, because what was written there can't be read.
    That is a problem already, so nothing else is said of them.
    """

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    audience_name: str | None = None

    def problem(
        self, field_name: str, message: str, code: str, **params: str | int | float
    ) -> None:
        """Add a problem."""
        if field_name.split(".")[0] not in self.unread:
            self.problems.append(Problem(field_name, message, code, params))

    def has_read(self, *members: str) -> bool:
        """Return whether the export holds what was written into all of these fields."""
        return self.unread.isdisjoint(members)

    def warn(self, code: str, detail: str, **params: str | int | float) -> None:
        """Add a warning."""
        self.warnings.append(Notice(code, detail, params))


@dataclass(frozen=True)
class AudienceView:
    """What Mailchimp says of an audience, and the tags on it that this product made."""

    audience: Audience
    merge_fields: Sequence[MergeField]
    tags: Sequence[Tag]
    own_tags: frozenset[str]
    # Names of segments that somebody has made of conditions.
    saved_segments: Sequence[str] = ()
    # Ids; read where the export names some.
    interests: frozenset[str] = frozenset()
    # Of the user behind the token.
    account: Account | None = None


def check_export(
    app: App,
    caller: Caller,
    export: Export,
    found: Findings,
    around: Surroundings = AS_IT_IS,
) -> None:
    """Check an export against itself, its source, its connection and its audience.

    The export is not stored. Raises NoSlotError and Mailchimp's RetryError when Mailchimp can't be
    asked and nothing is known to be wrong.
    """
    check_segments(export, found)
    check_filter(export, found)
    if export.schedule.predecessor is not None:
        _check_predecessor(app, export, found, around)
    _check_source(app, export, found)
    try:
        view = _look_at_audience(app, caller, export, found, around)
    except (NoSlotError, RetryError):
        if not found.problems:
            raise
        return  # Asking later is no use before these are mended.
    if view is not None:
        found.audience_name = view.audience.name
        check_audience(export, view, found)
    if view is not None and not found.problems:
        there = _exports_there(app, export)
        check_neighbours(export, _neighbours(app, export, there), found)
        check_untended(export, view, there, found)
        if has_times(export.schedule):
            check_times(export, _on_account(app, export), found)


def check_segments(export: Export, found: Findings) -> None:
    """Segments and tags are each named once."""
    # Storage tells folders apart by every letter, Mailchimp tags without regard to case.
    named = (
        ("name", export.segment_names),
        ("tag", [tag.casefold() for tag in export.tags]),
    )
    for member, values in named:
        seen: set[str] = set()
        for number, value in enumerate(values):
            if value in seen:
                found.problem(
                    f"segments.{number}.{member}",
                    f"another segment has this {member}",
                    f"duplicate_{member}",
                )
            seen.add(value)


def check_filter(export: Export, found: Findings) -> None:
    """Dates and numbers to compare with are plainly such."""
    # Polars is loaded only where there is something to be read.
    for number, condition in enumerate(export.filter.all if export.filter else ()):
        if condition.op in ("before", "after", "less", "more"):
            from shared.mailchimp.value_types import read_day, read_number

            read = read_day if condition.op in ("before", "after") else read_number
            if read(condition.value) is None:
                kind = "date such as 2026-11-30" if read is read_day else "number such as 12.5"
                found.problem(f"filter.all.{number}.value", f"is no {kind}", "value_unreadable")


def _check_predecessor(app: App, export: Export, found: Findings, around: Surroundings) -> None:
    stored = store.load_export(app.blobs, export.name)
    before = stored[0].schedule.predecessor if stored else None
    exports, unreadable = store.indexed_exports(app.blobs)
    damaged = {one.name for one in unreadable}
    check_predecessor(export, around.others(exports), damaged, before, found)


def check_predecessor(
    export: Export,
    others: Sequence[IndexedExport],
    unreadable: Collection[str],
    before: str | None,
    found: Findings,
) -> None:
    """The export that this one runs after is there, and does not run after this one.

    before: which it was as the export was last saved; one that has gone since is a warning.
    """
    after = export.schedule.predecessor
    if after is None:
        return
    if is_circle(export.name, after, others):
        text = f"{after} runs after this export itself"
        found.problem("schedule.after", text, "schedule_circle", export=after)
    elif after in unreadable or any(other.name == after for other in others):
        return
    elif after == before:
        found.warnings.append(predecessor_missing(after))
    else:
        found.problem("schedule.after", "no such export", "export_not_found", export=after)


def check_times(export: Export, others: Iterable[IndexedExport], found: Findings) -> None:
    """Warn where another export on the account runs within half an hour of this one."""
    now = utc_now()
    for other in others:
        if has_times(other.schedule) and are_close(export.schedule, other.schedule, now):
            found.warn(
                "schedules_close",
                f"The export {other.name} on this account runs within half an hour of this one. "
                "They share the account's connections, so both take longer.",
                export=other.name,
            )
            return


def check_columns(export: Export, columns_of: Mapping[str, Sequence[str]], found: Findings) -> None:
    """Every mapped column is once in every segment's snapshot; CustomerId at most once.

    A segment without columns is empty: files of no bytes have none.
    """
    mapped = [("email_field", export.email_field)]
    for tag, source in export.merge_fields.items():
        mapped += [(member_of(tag, source), column) for column in columns_named(source)]
    mapped += export.more_columns.items()
    if export.consent is not None:
        mapped.append(("consent.field", export.consent.field))
    if export.filter is not None:
        mapped += [(f"filter.all.{n}.field", one.field) for n, one in enumerate(export.filter.all)]
    known = {segment: columns for segment, columns in columns_of.items() if columns}
    for member, column in mapped:
        places = {segment: find_column(columns, column) for segment, columns in known.items()}
        missing = [segment for segment, found_at in places.items() if not found_at]
        doubled = [segment for segment, found_at in places.items() if len(found_at) > 1]
        for said, code, segments in (
            ("no column", "column_missing", missing),
            ("more than one column", "column_ambiguous", doubled),
        ):
            if segments:
                listed = ", ".join(segments)
                text = f"{said} {column} in {listed}"
                found.problem(member, text, code, column=column, segments=listed)
    _check_ids(export, known, found)


def _check_ids(export: Export, known: Mapping[str, Sequence[str]], found: Findings) -> None:
    ids = {segment: len(find_column(columns, CUSTOMER_ID)) for segment, columns in known.items()}
    for number, segment in enumerate(export.segment_names):
        if ids.get(segment, 1) > 1:
            found.problem(
                f"segments.{number}.name",
                f"more than one column {CUSTOMER_ID}",
                "column_ambiguous",
                column=CUSTOMER_ID,
                segments=segment,
            )
    if without := [segment for segment, count in ids.items() if not count]:
        found.warn(
            "customer_id_missing",
            f"There is no column {CUSTOMER_ID} in {', '.join(without)}. Profiles are told apart by "
            "their address alone, so a new address is a new contact.",
            segments=", ".join(without),
        )


def check_audience(export: Export, view: AudienceView, found: Findings) -> None:
    """Merge fields can be filled, tags are ours or adopted, and what may surprise is said."""
    mapping = resolve_mapping(export.mapping, view.merge_fields)
    for key, message in mapping.problems:
        found.problem(f"merge_fields.{key}", message, "merge_field_unusable", tag=key)
    for key, declared, there in mapping.differing:
        found.problem(
            f"merge_fields.{key}.type",
            f"the audience's merge field is of the type {there}, which is never changed",
            "merge_field_type_differs",
            tag=key,
            declared=declared,
            found=there,
        )
    if not export.create_merge_fields and found.has_read("create_merge_fields"):
        for missing in mapping.missing:
            found.problem(
                f"merge_fields.{missing.key}",
                "the audience has no such merge field; set create_merge_fields to create it",
                "merge_field_missing",
                tag=missing.key,
            )
    for interest in export.interests:
        if interest not in view.interests:
            found.problem(
                f"interests.{interest}",
                "the audience has no such interest",
                "interest_unknown",
                interest=interest,
            )
    _check_tags(export, view, found)
    found.warnings += audience_warnings(export, view.audience, mapping.required_unmapped)
    _check_room(len(view.merge_fields), mapping, found)
    if view.account is not None and not view.account.may_write:
        role = view.account.role
        found.warn("role_may_not_write", may_not_write(role), role=role)


def _check_room(existing: int, mapping: Resolution, found: Findings) -> None:
    """Warn where the fields that are to be created may not all find room."""
    wanted = len(mapping.missing)
    if wanted and existing + wanted > MERGE_FIELD_LIMIT:
        found.warn(
            "merge_fields_above_limit",
            f"The audience has {existing} merge fields and is to get {wanted} more. Most Mailchimp "
            f"plans have room for {MERGE_FIELD_LIMIT}: where there is none, runs fail and create "
            "none of them.",
            existing=existing,
            wanted=wanted,
            limit=MERGE_FIELD_LIMIT,
        )


def check_neighbours(export: Export, others: Iterable[StoredExport], found: Findings) -> None:
    """Warn where another export on the audience fills a merge field from something else."""
    for other in others:
        mapped = other.merge_fields
        shared = [
            tag
            for tag, column in export.merge_fields.items()
            if tag in mapped and (mapped[tag], other.source) != (column, export.source)
        ]
        if shared:
            found.warn(
                "merge_field_shared",
                f"The export {other.name} fills these merge fields of the audience from "
                "something else: " + ", ".join(shared) + ". The last one to run wins.",
                export=other.name,
                tags=", ".join(shared),
            )


def check_untended(
    export: Export, view: AudienceView, there: Iterable[StoredExport], found: Findings
) -> None:
    """Say how many contacts have a tag of ours that no export has given since an earlier one went.

    `there`: the audience's stored exports, this one among them. A detached one goes on holding its
    contacts, so it counts. Whoever left the segment before this export was made keeps the tag: the
    export doesn't hold them, so it takes nothing from them.
    """
    given = {tag.casefold() for other in there for tag in other.tags}
    own = {name.casefold() for name in view.own_tags}
    holders = {tag.name.casefold(): tag.member_count for tag in view.tags}
    for name in export.tags:
        tag = name.casefold()
        if tag in own and tag not in given and (count := holders.get(tag, 0)):
            found.warn(
                "tag_holders_without_export",
                f"{count} subscribed contacts have the tag {name} from an export that is gone. Who "
                "has left the segment keeps it until somebody takes it away in Mailchimp.",
                tag=name,
                count=count,
            )


def _check_tags(export: Export, view: AudienceView, found: Findings) -> None:
    existing = {tag.name.casefold() for tag in view.tags}
    own = {name.casefold() for name in view.own_tags}
    saved = {name.casefold() for name in view.saved_segments}
    for number, segment in enumerate(export.segments):
        tag = segment.tag.casefold()
        if tag in existing and tag not in own and not segment.adopt:
            found.problem(
                f"segments.{number}.tag",
                "the audience has a tag of this name that this product did not make; set adopt "
                "to use it, or choose another tag",
                "tag_not_ours",
                tag=segment.tag,
            )
        if tag in saved and tag not in existing:
            found.problem(
                f"segments.{number}.tag",
                "the audience has a saved segment of this name, which Mailchimp may keep from "
                "tags; choose another tag",
                "tag_name_taken",
                tag=segment.tag,
            )


def _check_source(app: App, export: Export, found: Findings) -> None:
    from shared.segments.borrowed import check_names
    from shared.segments.description import Models
    from shared.segments.errors import SegmentNotFoundError, SegmentsError
    from shared.segments.reader import columns_of
    from shared.segments.snapshots import find_snapshot

    source = export.source
    if source.container not in app.settings.segment_containers:
        allowed = ", ".join(app.settings.segment_containers)
        found.problem(
            "source.container", f"is not one of {allowed}", "not_a_choice", allowed=allowed
        )
        return
    if not found.has_read("source", "segments"):
        return
    blobs = app.segment_container(source.container)
    columns: dict[str, Sequence[str]] = {}
    quiet, models = app.settings.snapshot_quiet, Models()
    for number, name in enumerate(export.segment_names):
        try:
            snapshot = find_snapshot(blobs, source.folder, name, quiet, utc_now(), models)
            columns[name] = columns_of(blobs, snapshot, export.columns)
            check_names(blobs, snapshot, export.columns, export.email_field)
        except SegmentNotFoundError:
            found.problem(
                f"segments.{number}.name",
                f"no segment {name} in {source.folder}",
                "segment_not_found",
                segment=name,
                folder=source.folder,
            )
        except SegmentsError as error:
            found.problem(
                f"segments.{number}.name", str(error), "snapshot_unreadable", segment=name
            )
        except CloudError:
            found.problem("source", "the app can't read this container", "container_unreadable")
            return
    check_columns(export, columns, found)


def _look_at_audience(
    app: App, caller: Caller, export: Export, found: Findings, around: Surroundings
) -> AudienceView | None:
    if export.connection is None or export.connection in around.coming:
        return None
    stored = store.load_connection(app.blobs, export.connection)
    if stored is None or not may_use(caller, stored[0]):
        found.problem(
            "connection", "there is no such connection that you may use", "connection_not_found"
        )
        return None
    status = connections.status_of(app, stored[0], fresh=not around.from_file)
    if status != "ready":
        if around.from_file:
            _warn_not_ready(stored[0].name, found)
        else:
            found.problem("connection", connections.why_unusable(status), f"connection_{status}")
        return None
    if not found.has_read("audience_id"):
        return None
    # Interests are asked for only where an export names some.
    place = (stored[0].name, export.audience_id, bool(export.interests))
    try:
        return around.view(place, lambda: _ask_audience(app, stored[0], export))
    except AudienceNotFoundError:
        found.problem("audience_id", "the account has no such audience", "audience_not_found")
    except ConnectionUnusableError as error:
        if around.from_file:
            _warn_not_ready(stored[0].name, found)
        else:
            found.problem("connection", error.detail, error.code)
    except StopError as error:
        if around.from_file:
            _warn_not_ready(stored[0].name, found)
        else:
            found.problem("connection", error.reason, error.code, said=error.said)
    except BlockedError as error:
        found.problem("connection", error.told, "mailchimp_denied", said=error.said)
    return None


def _warn_not_ready(connection: str, found: Findings) -> None:
    found.warn(
        "connection_not_ready",
        f"The connection {connection} was not ready when this was saved, so the audience was not "
        "looked at. Save the export again once it is.",
        connection=connection,
    )


def _ask_audience(app: App, connection: StoredConnection, export: Export) -> AudienceView:
    audience_id = export.audience_id
    with accounts.open_account(app, connection, for_people=True) as mailchimp:
        audience = mailchimp.client.audience(audience_id)
        merge_fields = mailchimp.client.merge_fields(audience_id)
        tags = mailchimp.client.tags(audience_id)
        saved = [segment.name for segment in mailchimp.client.saved_segments(audience_id)]
        wanted = mailchimp.client.interests(audience_id) if export.interests else []
        account = mailchimp.client.account()
        reached = mailchimp.connection or connection
    owned = owned_tags(app.blobs, reached.account_id or "", audience_id)
    offset = (audience.date - utc_now()).total_seconds()
    ours = ids_of(owned, tags, offset)
    # By the names that exports know, too: people may have renamed them.
    own = {tag.name for tag in tags if tag.id in ours} | {tag.name for tag in owned}
    interests = frozenset(interest.id for interest in wanted)
    return AudienceView(audience, merge_fields, tags, frozenset(own), saved, interests, account)


def _exports_there(app: App, export: Export) -> list[StoredExport]:
    """Return the exports that are stored for the audience, this one among them."""
    names = [
        other.name
        for other in store.indexed_exports(app.blobs)[0]
        if other.audience_id == export.audience_id
    ]
    return store.readable(store.read_some(app.blobs, names))


def _neighbours(app: App, export: Export, there: Iterable[StoredExport]) -> list[StoredExport]:
    """Return the others of them that have a connection to the same account."""
    others = [o for o in there if o.name != export.name and o.connection is not None]
    account_of = {
        name: _account_of(app, name)
        for name in {export.connection, *(o.connection for o in others)}
    }
    own = account_of[export.connection]
    return [other for other in others if account_of[other.connection] == own]


def _on_account(app: App, export: Export) -> list[IndexedExport]:
    """Return the other exports with times on the same account, by whatever connection."""
    there = [
        other
        for other in store.indexed_exports(app.blobs)[0]
        if other.name != export.name and other.connection and has_times(other.schedule)
    ]
    connections_ = sorted({export.connection or "", *(other.connection or "" for other in there)})
    with ThreadPoolExecutor(_READERS, thread_name_prefix="connections") as readers:
        found = readers.map(partial(_account_of, app), connections_)
        account_of = dict(zip(connections_, found, strict=True))
    own = account_of[export.connection or ""]
    return [other for other in there if account_of[other.connection or ""] == own]


def _account_of(app: App, connection: str | None) -> str | None:
    found = store.load_connection(app.blobs, connection) if connection else None
    return None if found is None else found[0].account_id
