"""The routes of connections."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.accounts.updates import UNKNOWN
from shared.app import App
from shared.exports import accounts, connections, history, store
from shared.exports.access import Caller, Role, may_use
from shared.exports.connection_models import Connection, Consent, StoredConnection
from shared.exports.errors import ConnectionUnusableError
from shared.exports.terms import ENGLISH, terms_in, terms_languages
from shared.exports.updates import known_updates, settle_updates
from shared.http import audit, exports, inputs, live_checks, problems
from shared.http.messages import Request, Response
from shared.http.problems import FieldError
from shared.live_check import record
from shared.mailchimp.answers import may_not_write
from shared.mailchimp.errors import BlockedError, MailchimpError, RefusedError, StopError
from shared.platform.blobs import Document
from shared.runs.stopping import cancel_runs_of_connection
from shared.webhooks import settling
from shared.webhooks.states import webhook_states
from shared.webhooks.wanted import wish

_PARALLEL_LOOKS = 16


class VerifyOptions(BaseModel):
    """With an audience, what the account does with a contact's status is found out there, too."""

    model_config = ConfigDict(extra="forbid", strict=True)

    audience_id: str | None = Field(default=None, min_length=1, max_length=64)


def get_terms(app: App, request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Return the data privacy terms, in the language that is asked for or in English."""
    terms = terms_in(request.query.get("language", ENGLISH))
    return Response(
        document={
            "version": terms.version,
            "language": terms.language,
            "languages": list(terms_languages()),
            "text": terms.text,
        }
    )


def list_all(app: App, request: Request) -> Response:
    """List the connections that the caller may know of."""

    found = list(store.list_connections(app.blobs))
    states = webhook_states(app, found) if request.caller.may(Role.ADMINISTRATOR) else {}

    def show(connection: StoredConnection) -> Document | None:
        return _shown(app, connection, request.caller, states)

    # Side by side: the vault is asked for each.
    with ThreadPoolExecutor(_PARALLEL_LOOKS, thread_name_prefix="connections") as lookers:
        shown = list(lookers.map(show, found))
    return Response(document={"items": [item for item in shown if item is not None]})


def get(app: App, request: Request) -> Response:
    """Return one connection."""
    connection, etag = find(app, request)
    return _answer(app, request, 200, connection, etag)


def put(app: App, request: Request) -> Response:
    """Create or replace a connection."""
    document = request.document()
    given = inputs.read(Connection, document, inputs.new_name_of(request))
    # Whoever names the version has seen it; whoever writes consent by hand names the terms alone.
    by_hand = (
        given.consent is not None
        and given.consent.terms_version is not None
        and not Consent.read_only & set(document["consent"])
    )
    deliberate = by_hand or "if-match" in request.headers
    return inputs.until_stored(request, lambda: _put(app, request, given, deliberate=deliberate))


def check(app: App, given: Connection) -> list[FieldError]:
    """Return what keeps a connection that could be read from being saved."""
    if given.secret_name == app.settings.mailchimp_client_secret_name:
        return [FieldError("secret_name", "is the secret of the OAuth app")]
    return []


def _put(app: App, request: Request, given: Connection, *, deliberate: bool) -> Response:
    if errors := check(app, given):
        raise problems.invalid(errors)
    before, etag = store.load_connection(app.blobs, given.name) or (None, None)
    inputs.check_preconditions(request, etag)
    try:
        connection = connections.merged(given, before, request.caller, deliberate=deliberate)
    except connections.TermsVersionError as error:
        wrong = FieldError("consent.terms_version", str(error), "not_current")
        raise problems.invalid([wrong]) from None
    except connections.ConsentWithdrawnError:
        raise problems.conflict(
            "consent_withdrawn",
            "Consent was withdrawn",
            "Consent was withdrawn since this document was read. Read it again and send its ETag "
            "as If-Match, or write a consent of accepted and the current terms_version alone.",
        ) from None
    if connection.webhooks:
        # Before it is saved: of a wish without a connection nothing comes.
        wish(app.blobs, connection.name)
    etag = store.save_connection(app.blobs, connection, etag)
    audit.record(request.caller, "connection_saved", given.name, before, connection)
    if connection.webhooks or (before is not None and before.webhooks):
        settling.ask(app)
    history.note_connection(app.blobs, request.caller.name, before, connection)
    if before is not None and not connection.consent.accepted:
        # Also where it was withdrawn before: the request that did it may have died here.
        by = request.caller.name
        cancel_runs_of_connection(app, given.name, reason="consent_withdrawn", by=by)
    return _answer(app, request, 200 if before else 201, connection, etag)


def delete(app: App, request: Request) -> Response:
    """Remove a connection; exports that use it are in the way unless the caller decides on them."""
    what_then = inputs.choice(request, "exports", ("detach", "remove"))
    connection, etag = find(app, request)
    inputs.check_preconditions(request, etag)
    name = connection.name
    using = store.exports_of(app.blobs, name)
    if using and what_then is None:
        raise problems.conflict(
            "connection_in_use",
            "The connection is in use",
            "Exports use this connection. Say exports=detach to keep them without a connection, "
            "or exports=remove to remove them.",
            exports=using,
        )
    # Without consent nothing starts any more; a request that dies in between can be repeated.
    etag = store.save_connection(app.blobs, connections.withdrawn(connection, request.caller), etag)
    cancel_runs_of_connection(app, name, reason="connection_removed", by=request.caller.name)
    # Listed anew: an export may have been saved meanwhile.
    for export in store.exports_of(app.blobs, name):
        if what_then == "remove":
            exports.remove(app, request, export)
        else:
            exports.detach_one(app, request, export)
    store.delete_connection(app.blobs, name, etag)
    if connection.webhooks:
        settling.ask(app)
    audit.record(request.caller, "connection_removed", name)
    history.forget_connection(app.blobs, name)
    record.drop(app.blobs, name)
    return Response(204)


class Confirmation(BaseModel):
    """The account that is meant: that of `awaiting`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    account_id: str = Field(min_length=1, max_length=64)


def confirm(app: App, request: Request) -> Response:
    """Let a connection send to the account that it was signed in with last."""
    wanted = inputs.read(Confirmation, request.document()).account_id
    return inputs.until_stored(request, lambda: _confirm(app, request, wanted))


def _confirm(app: App, request: Request, account: str) -> Response:
    before, etag = find(app, request)
    connection = accounts.confirmed(before)
    if connection.account_id != account:
        raise problems.conflict(
            "not_awaited",
            "This account does not wait to be confirmed",
            "The connection was signed in with another account meanwhile, or is of another. Read "
            "it again and send the account_id of `awaiting`.",
        )
    if connection != before:
        etag = store.save_connection(app.blobs, connection, etag)
        accounts_of = {"account": account, "account_before": before.account_id}
        audit.act(request.caller, "account_confirmed", connection.name, **accounts_of)
    return _answer(app, request, 200, connection, etag)


def verify(app: App, request: Request) -> Response:
    """Return whether Mailchimp takes the token, and whether the segments can be read."""
    wanted = inputs.read(VerifyOptions, request.document(optional=True))
    connection, _ = find(app, request)
    mailchimp = _verify_mailchimp(app, connection, wanted.audience_id)
    storage = _verify_storage(app)
    return Response(document={"mailchimp": mailchimp, "segment_storage": storage})


def list_audiences(app: App, request: Request) -> Response:
    """List the account's audiences with their merge fields."""
    connection, _ = find(app, request)
    if not may_use(request.caller, connection):
        raise problems.forbidden("This connection is not shared with contributors.")
    items = []
    with accounts.open_account(app, connection, for_people=True) as mailchimp:
        for audience in mailchimp.client.audiences():
            fields = mailchimp.client.merge_fields(audience.id)
            items.append(
                {
                    "id": audience.id,
                    "name": audience.name,
                    "contacts": audience.contacts,
                    "double_optin": audience.double_optin,
                    "merge_fields": [
                        {"tag": f.tag, "name": f.name, "type": f.type, "required": f.required}
                        for f in fields
                    ],
                }
            )
    return Response(document={"items": items})


def find(app: App, request: Request) -> tuple[StoredConnection, str]:
    """Return the connection of the path and its ETag; raises ProblemError."""
    found = store.load_connection(app.blobs, inputs.name_of(request, "connection"))
    if found is None:
        raise problems.not_found("connection")
    return found


def _answer(
    app: App, request: Request, status: int, connection: StoredConnection, etag: str
) -> Response:
    headers = {"ETag": etag}
    if status == 201:
        headers["Location"] = f"/api/connections/{connection.name}"
    states = webhook_states(app, [connection])
    shown = _shown(app, connection, request.caller, states)
    return Response(status, document=shown, headers=headers)


def _shown(
    app: App,
    connection: StoredConnection,
    caller: Caller,
    webhooks: Mapping[str, list[Document]],
) -> Document | None:
    """Return what a caller sees of a connection, None for nothing."""
    if caller.may(Role.ADMINISTRATOR):
        status = connections.status_of(app, connection, fresh=True)
        account = connection.account_id
        updates = known_updates(app, account) if account else UNKNOWN
        return {
            **connection.shown(),
            "status": status,
            "updates": updates.shown(),
            "webhook_state": webhooks.get(connection.name, []),
            "live_check": live_checks.shown(app, connection.name),
        }
    if may_use(caller, connection):
        return connection.model_dump(mode="json", include={"name", "display_name", "type"})
    return None


def _verify_mailchimp(
    app: App, connection: StoredConnection, audience: str | None
) -> dict[str, Any]:
    """Ask Mailchimp for the account; make the trial in an audience, where that is due."""
    result: dict[str, Any] = {
        "ok": False,
        "account_name": None,
        "role": None,
        "data_center": None,
        "code": None,
        "params": {},
        "detail": None,
    }
    try:
        token = accounts.read_token(app, connection)
        awaited = connection.awaiting
        account_id = awaited.account_id if awaited else connection.account_id
        with (
            accounts.noting_refusal(app, connection.name, token),
            accounts.open_account_with(app, token, account_id, for_people=True) as mailchimp,
        ):
            account = accounts.check_account(mailchimp.client.account())
            waits = accounts.with_account(connection, account).awaiting
            if audience is not None and waits is None:
                mailchimp.hold(account.account_id)
                settle_updates(app, account.account_id, audience, mailchimp.client)
    except ConnectionUnusableError as error:
        return result | {"code": error.code, "detail": error.detail}
    except StopError as error:
        said = {"said": error.said}
        return result | {"code": error.code, "params": said, "detail": error.reason}
    except MailchimpError as error:
        said = {"said": error.said}
        return result | {"code": _code_of(error), "params": said, "detail": error.told}
    accounts.remember_account(app, connection, account)
    role = account.role
    if not account.may_write:
        detail = may_not_write(role)
        result |= {"code": "role_may_not_write", "params": {"role": role}, "detail": detail}
    return result | {
        "ok": account.may_write,
        "account_name": account.name,
        "role": role,
        "data_center": account.data_center,
    }


def _code_of(error: MailchimpError) -> str:
    match error:
        case BlockedError():
            return "mailchimp_denied"
        case RefusedError():
            return "mailchimp_refused"
        case _:
            return "mailchimp_unavailable"


def _verify_storage(app: App) -> dict[str, Any]:
    from shared.health.examination import unreadable_containers

    unreadable = unreadable_containers(app)
    if not unreadable:
        return {"ok": True, "code": None, "params": {}, "detail": None}
    listed = ", ".join(unreadable)
    return {
        "ok": False,
        "code": "segment_storage_unreadable",
        "params": {"containers": listed},
        "detail": f"Can't read: {listed}.",
    }
