"""Makes the webhooks that connections want, and removes those that nobody wants any more.

By the timer, and by a message as soon as a connection is saved; one at a time. May be cut off
anywhere: a webhook is stored before Mailchimp is asked for it, and one whose secret was not stored
is found at Mailchimp by its address, removed, and made anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from shared.accounts.slots import NoSlotError
from shared.app import App
from shared.exports.accounts import AccountSession, open_account, open_account_with
from shared.exports.connection_models import StoredConnection
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.errors import MailchimpError, RefusedError, RetryError
from shared.mailchimp.tokens import TokenError, parse_token
from shared.platform import log, queues
from shared.platform.clock import seconds_since
from shared.platform.own_address import own_address
from shared.platform.vault import SecretUnreadableError, VaultUnreachableError
from shared.webhooks import hooks
from shared.webhooks.hooks import Hook
from shared.webhooks.wanted import is_asked_for, read_wanted

_LOCK = f"{hooks.ROOT}lock"
# What can't be made is tried again after an hour, for a day; then once a day.
_HOURS = 24
_SOON, _LATER = timedelta(hours=1), timedelta(days=1)
# A webhook that can't be removed is left to the 410 that its address is answered with.
_GIVEN_UP = timedelta(days=1)


def ask(app: App) -> None:
    """Have webhooks settled as soon as a queue function is free."""
    app.queues.send(queues.UPKEEP, {"webhooks": "settle"})


def settle_webhooks(app: App) -> None:
    """Make what is wanted, and remove what isn't; what fails is tried again by the timer."""
    if not is_asked_for(app.blobs):
        return
    with app.leases.held(_LOCK) as lease:
        if lease is not None:
            _settle(app)


def _settle(app: App) -> None:
    wanted = read_wanted(app)
    there: set[tuple[str, str]] = set()
    tries: dict[tuple[str, str], int] = {}
    for hook in list(hooks.all_hooks(app.blobs)):
        place = hook.connection, hook.audience
        if wanted.keeps(hook) and _stands(app, hook):
            there.add(place)
            continue
        if not _remove(app, hook):
            # Another one only when this one is gone: Mailchimp would send everything twice.
            there.add(place)
        elif hook.state in ("unsigned", "unreachable"):
            tries[place] = hook.tries + 1
    for name, audiences in wanted.audiences.items():
        for audience in sorted(audiences):
            if (name, audience) not in there:
                _make(app, wanted.connections[name], audience, tries.get((name, audience), 0))


def _stands(app: App, hook: Hook) -> bool:
    """Return whether a webhook that is wanted is as it should be, or not to be tried again yet."""
    match hook.state:
        case "on":
            # The app may have another address by now.
            address = own_address(app.settings, "")
            return address is None or hook.url == _url(address, hook.id)
        case "unsigned" | "unreachable":
            pause = _SOON if hook.tries < _HOURS else _LATER
            return seconds_since(hook.since) < pause.total_seconds()
        case _:
            return False


def _make(app: App, connection: StoredConnection, audience: str, tries: int) -> None:
    """Make a webhook and keep its secret."""
    id_, account = hooks.new_id(), connection.account_id or ""
    address = own_address(app.settings, "")
    url = _url(address, id_) if address else ""
    hook = Hook(
        *(id_, connection.name, connection.secret_name, account, audience, url),
        state="making" if address else "unreachable",
        since=hooks.now(),
        tries=tries,
    )
    hooks.write_hook(app.blobs, hook)
    if not address:
        return
    try:
        with open_account(app, connection, for_people=False) as mailchimp:
            made = _made(app, mailchimp, hook)
    except (MailchimpError, NoSlotError, ConnectionUnusableError, SecretUnreadableError) as error:
        # Stored as being made, so the next time looks for it at Mailchimp and begins anew.
        log.failure("webhook_not_made", error, account_id=account, audience_id=audience)
        return
    hooks.write_hook(app.blobs, made)
    if made.state == "on":
        app.board.put_told(account, audience)
    log.event("webhook_made", account_id=account, audience_id=audience, state=made.state)


def _made(app: App, mailchimp: AccountSession, hook: Hook) -> Hook:
    """Have Mailchimp make a webhook; return it with what came of that."""
    try:
        answer = mailchimp.client.create_webhook(hook.audience, hook.url)
    except RefusedError as error:
        # Mailchimp has asked the address and got no answer, or has as many as it allows.
        log.failure("webhook_refused", error, audience_id=hook.audience)
        return replace(hook, state="unreachable", since=hooks.now())
    if not answer.secret:
        mailchimp.client.delete_webhook(hook.audience, answer.id)
        return replace(hook, state="unsigned", since=hooks.now())
    app.vault.set(hooks.secret_of(hook.id), answer.secret)
    return replace(hook, state="on", webhook_id=answer.id, since=hooks.now(), tries=0)


def _remove(app: App, hook: Hook) -> bool:
    """Remove a webhook with its secret; return whether it is gone."""
    if hook.state in ("on", "making"):
        # First of all what its address answers: nobody is told of anything that is removed.
        hook = replace(hook, state="removing", since=hooks.now())
        hooks.write_hook(app.blobs, hook)
    if hook.state == "removing":
        try:
            _remove_at_mailchimp(app, hook)
            app.vault.delete(hooks.secret_of(hook.id))
        except (RetryError, NoSlotError, VaultUnreachableError) as error:
            log.failure("webhook_not_removed", error, audience_id=hook.audience)
            if seconds_since(hook.since) < _GIVEN_UP.total_seconds():
                return False
        except SecretUnreadableError as error:
            # Whoever has taken the right to delete from the app deletes the secret, too.
            log.failure("webhook_secret_left", error, audience_id=hook.audience)
    hooks.drop_hook(app.blobs, hook.id)
    others = hooks.all_hooks(app.blobs)
    if not any((o.account, o.audience) == (hook.account, hook.audience) for o in others):
        app.board.remove_told(hook.account, hook.audience)
    log.event("webhook_removed", account_id=hook.account, audience_id=hook.audience)
    return True


def _remove_at_mailchimp(app: App, hook: Hook) -> None:
    """Remove a webhook from the audience; raises RetryError, NoSlotError where it may be there."""
    try:
        with _account_of(app, hook) as mailchimp:
            found = [hook.webhook_id] if hook.webhook_id else []
            for id_ in found or _by_address(mailchimp, hook):
                mailchimp.client.delete_webhook(hook.audience, id_)
    except (RetryError, NoSlotError, VaultUnreachableError):
        raise
    except (MailchimpError, SecretUnreadableError, TokenError) as error:
        # The token is gone or leads elsewhere, or the audience is gone. The 410 does the rest.
        log.failure("webhook_left_to_410", error, audience_id=hook.audience)


def _by_address(mailchimp: AccountSession, hook: Hook) -> list[str]:
    found = mailchimp.client.webhooks(hook.audience)
    return [one.id for one in found if one.url == hook.url]


@contextmanager
def _account_of(app: App, hook: Hook) -> Iterator[AccountSession]:
    """Reach the account of a webhook by the token that it was made with, as it is now."""
    token = parse_token(app.vault.get(hook.secret_name, fresh=True))
    with open_account_with(app, token, hook.account, for_people=False) as mailchimp:
        yield mailchimp


def _url(address: str, hook: str) -> str:
    return f"{address}/api/mailchimp/webhooks/{hook}"
