"""What is kept of the webhooks: `webhooks/hooks/{hook}.json` each, and when it was last heard of.

A hook's id stands in its address and opens nothing: what counts is the signature, made with the
secret `webhook-{hook}` of the vault. No connection may name such a secret.
"""

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now

ROOT = "webhooks/"
HOOKS = f"{ROOT}hooks/"
_LAST = f"{ROOT}last/"
HOOK_PATTERN = r"[0-9a-f]{32}"

# making: Mailchimp may have it, but its secret isn't safe yet. removing: it is to go.
type HookState = Literal["making", "on", "unsigned", "unreachable", "removing"]


@dataclass(frozen=True)
class Hook:
    """A webhook of an audience.

    connection, secret_name: by whose token it is made and removed. webhook_id: Mailchimp's own, ""
    before that is known. since: when it came into its state, as text. tries: how often what the
    state asks for has failed.
    """

    id: str
    connection: str
    secret_name: str
    account: str
    audience: str
    url: str
    state: HookState
    since: str
    webhook_id: str = ""
    tries: int = 0


def new_id() -> str:
    """Return the id of a hook that nobody can guess."""
    return secrets.token_hex(16)


def now() -> str:
    """Return the time of a change of state."""
    return to_text(utc_now())


def secret_of(hook: str) -> str:
    """Return the name of a hook's signing secret in the vault."""
    return f"webhook-{hook}"


def read_hook(blobs: Blobs, id_: str) -> Hook | None:
    """Return a hook, None where there is none."""
    found = blobs.read_document(f"{HOOKS}{id_}.json")
    return Hook(**found[0]) if found else None


def is_unknown(blobs: Blobs, id_: str) -> bool:
    """Return whether the storage itself says that there is no such hook.

    A container that is missing, as after a mishap, holds no document either: listing raises then.
    """
    return not any(True for _ in blobs.list(f"{HOOKS}{id_}"))


def write_hook(blobs: Blobs, hook: Hook) -> None:
    """Store a hook."""
    blobs.write_document(f"{HOOKS}{hook.id}.json", asdict(hook))


def drop_hook(blobs: Blobs, id_: str) -> None:
    """Forget a hook: from then on its address is answered with 410."""
    blobs.delete(f"{HOOKS}{id_}.json")
    blobs.delete(f"{_LAST}{id_}")


def all_hooks(blobs: Blobs) -> Iterator[Hook]:
    """Yield every hook that there is."""
    names = [blob.name for blob in blobs.list(HOOKS)]
    return (Hook(**document) for document in blobs.read_documents(names))


def note_event(blobs: Blobs, id_: str) -> None:
    """Note that an event came just now."""
    blobs.write(f"{_LAST}{id_}", b"")


def last_events(blobs: Blobs) -> dict[str, datetime]:
    """Return when each hook was last heard of."""
    return {blob.name.removeprefix(_LAST): blob.modified for blob in blobs.list(_LAST)}
