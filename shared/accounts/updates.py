"""How an account's contacts that exist may be updated without their status being written.

What Mailchimp does with a status is undocumented, so that a trial finds it out once per account
and token (shared/mailchimp/trial.py). Its verdict lies in `accounts/{account}/updates.json`.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from hashlib import blake2b
from typing import Literal

from shared.accounts.ways import Way
from shared.platform.blobs import BlobConflictError, Blobs, Document
from shared.platform.clock import from_text, to_text, utc_now

type ArchivedIs = Literal["known", "new"]

# So many trials without a verdict are made at once; then one a day.
MAX_TRIALS = 3
_AGAIN = timedelta(days=1)
# How old the table of protected contacts is at most that lanes send with.
WINDOW_SECONDS = 840


@dataclass(frozen=True)
class Traces:
    """A trial contact that may be there: its audience, and the mark in its address."""

    audience: str
    mark: str


@dataclass(frozen=True)
class Updates:
    """The way in which contacts that exist are updated, and why it is this one.

    token: a digest of the token that the trial was made with. proved_at: when it had a verdict,
    be it that no way is safe. archived_is: what an archived contact counts as. source: where a
    contact comes from, as Mailchimp says, that a call of ours created. contact_id_stays: over a
    change of address. attempts, tried_at: trials without a verdict. traces: noted before a trial
    begins.
    """

    way: Way
    reason: str
    token: str = ""
    proved_at: str | None = None
    archived_is: ArchivedIs | None = None
    source: str | None = None
    contact_id_stays: bool | None = None
    attempts: int = 0
    tried_at: str | None = None
    traces: tuple[Traces, ...] = field(default=())

    @property
    def window_seconds(self) -> int:
        """How old at most the table is that alone guards who was archived by others."""
        return 0 if self.archived_is == "known" else WINDOW_SECONDS

    def shown(self) -> Document:
        """Return what people see of it."""
        return {
            "way": self.way,
            "reason": self.reason,
            "proved_at": self.proved_at,
            "archived_is": self.archived_is,
            "window_seconds": self.window_seconds,
        }

    def wants_trial(self, token: str) -> bool:
        """Return whether a trial is due: none with this token has had a verdict, or it is old."""
        if self.token != token:
            return True
        if self.proved_at is not None:
            return False
        tried = from_text(self.tried_at) if self.tried_at else None
        return self.attempts < MAX_TRIALS or tried is None or utc_now() - tried >= _AGAIN


UNKNOWN = Updates("one_by_one", "no_trial_yet")
SWITCHED_OFF = Updates("one_by_one", "trial_switched_off")


def fingerprint(secret: str) -> str:
    """Return what tells one token from another; nobody can guess the token by it."""
    return blake2b(secret.encode(), digest_size=16, person=b"token").hexdigest()


def load_updates(blobs: Blobs, account: str) -> Updates:
    """Return what is known of an account."""
    found = blobs.read_document(_name(account))
    return _read(found[0]) if found else UNKNOWN


def save_updates(blobs: Blobs, account: str, updates: Updates) -> None:
    """Write what is known of an account; whoever writes last is right."""
    while True:
        found = blobs.read_document(_name(account))
        try:
            known = found[1] if found else None
            blobs.replace_document(_name(account), asdict(updates), known)
            return
        except BlobConflictError:
            continue


def refused_in_run(blobs: Blobs, account: str) -> None:
    """Take a way back that Mailchimp has refused after it was proved; a trial is due at once."""
    known = load_updates(blobs, account)
    if known.way != "one_by_one":
        save_updates(blobs, account, replace(UNKNOWN, reason="refused_in_a_run"))


def begun(updates: Updates, token: str) -> Updates:
    """Return what is noted before a trial."""
    same = updates if updates.token == token else UNKNOWN
    attempts, now = same.attempts + 1, to_text(utc_now())
    return replace(same, token=token, attempts=attempts, tried_at=now, traces=())


def _name(account: str) -> str:
    return f"accounts/{account}/updates.json"


def _read(document: Document) -> Updates:
    traces = tuple(Traces(**one) for one in document["traces"])
    return Updates(**{**document, "traces": traces})
