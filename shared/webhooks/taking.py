"""What is done about an event: who left is kept out at once, and nothing is ever taken back.

No queue is in between: a queue function that has had nothing to do may look for its next message a
minute later, and lanes are to leave out within two seconds who has unsubscribed.
"""

from enum import Enum
from time import time

from shared.addresses import canonical
from shared.app import App
from shared.erased import ErasureKeyError
from shared.mailchimp import suppressions
from shared.platform import log
from shared.platform.clock import utc_now
from shared.platform.errors import CloudError
from shared.platform.vault import SecretUnreadableError
from shared.webhooks import hooks
from shared.webhooks.events import Event, read_event
from shared.webhooks.hooks import Hook
from shared.webhooks.signature import is_signed


class Verdict(Enum):
    """What became of a delivery.

    GONE: the app knows that there is no such webhook. UNSURE: it can't tell, or could not keep it.
    """

    TAKEN = "taken"
    FORGED = "forged"
    GONE = "gone"
    UNSURE = "unsure"


def take(app: App, id_: str, signature: str | None, body: bytes) -> Verdict:
    """Keep what a delivery says, which may come twice, late, or from anybody."""
    try:
        return _take(app, id_, signature, body)
    except (CloudError, SecretUnreadableError, ErasureKeyError) as error:
        log.failure("webhook_not_taken", error)
        return Verdict.UNSURE


def _take(app: App, id_: str, signature: str | None, body: bytes) -> Verdict:
    hook = hooks.read_hook(app.blobs, id_)
    if hook is None:
        return Verdict.GONE if hooks.is_unknown(app.blobs, id_) else Verdict.UNSURE
    if hook.state == "making":
        return Verdict.UNSURE
    if hook.state != "on":
        return Verdict.GONE
    if signature is None:
        return Verdict.FORGED
    secret = app.vault.get(hooks.secret_of(hook.id))
    if not is_signed(signature, body, secret, time()):
        return Verdict.FORGED
    event = read_event(body)
    if event is not None and event.audience == hook.audience:
        _keep_out(app, hook, event, secret)
    hooks.note_event(app.blobs, hook.id)
    return Verdict.TAKEN


def _keep_out(app: App, hook: Hook, event: Event, secret: str) -> None:
    """Have lanes leave out whom an event tells of, where it tells of somebody who left."""
    status, email = event.protected, canonical(event.email)
    if status is None or not email:
        return
    now = utc_now()
    at = min(event.fired_at or now, now)
    told = suppressions.Told(email, status, at)
    if suppressions.tell(app, hook.account, hook.audience, event.name(secret), told):
        log.event("webhook_told", account_id=hook.account, audience_id=hook.audience, kind=status)
