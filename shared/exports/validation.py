"""Checks an export against everything that can be asked before it is saved."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.audiences.owned_tags import ids_of, owned_tags
from shared.exports import accounts, connections, store
from shared.exports.access import Caller, may_use
from shared.exports.checks.audience import AudienceView, check_audience, check_untended
from shared.exports.checks.columns import check_columns
from shared.exports.checks.findings import Findings
from shared.exports.checks.itself import check_filter, check_segments
from shared.exports.checks.neighbours import check_neighbours, check_predecessor, check_times
from shared.exports.connection_models import StoredConnection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.export_index import IndexedExport
from shared.exports.models import Export, StoredExport
from shared.exports.schedule_checks import has_times
from shared.exports.surroundings import AS_IT_IS, Surroundings
from shared.mailchimp.errors import AudienceNotFoundError, BlockedError, RetryError, StopError
from shared.platform.clock import utc_now
from shared.platform.errors import CloudError

_READERS = 16


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


def _check_predecessor(app: App, export: Export, found: Findings, around: Surroundings) -> None:
    stored = store.load_export(app.blobs, export.name)
    before = stored[0].schedule.predecessor if stored else None
    exports, unreadable = store.indexed_exports(app.blobs)
    damaged = {one.name for one in unreadable}
    check_predecessor(export, around.others(exports), damaged, before, found)


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
    # Interests and permissions are asked for only where an export names some.
    asked = bool(export.interests), bool(export.marketing_permissions)
    place = (stored[0].name, export.audience_id, *asked)
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
        permissions: list[tuple[str, str]] | None = []
        if export.marketing_permissions and audience.marketing_permissions:
            permissions = mailchimp.client.marketing_permissions(audience_id)
        account = mailchimp.client.account()
        reached = mailchimp.connection or connection
    owned = owned_tags(app.blobs, reached.account_id or "", audience_id)
    offset = (audience.date - utc_now()).total_seconds()
    ours = ids_of(owned, tags, offset)
    # By the names that exports know, too: people may have renamed them.
    own = {tag.name for tag in tags if tag.id in ours} | {tag.name for tag in owned}
    interests = frozenset(interest.id for interest in wanted)
    return AudienceView(
        audience,
        merge_fields,
        tags,
        frozenset(own),
        saved,
        interests,
        None if permissions is None else frozenset(id_ for id_, _ in permissions),
        account,
    )


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
