"""Why a plan goes no further for now: it has to wait, it was stopped, or its run has failed."""

from shared.erasure.register import ErasureKeyError
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.errors import RefusedError, RetryError, StopError
from shared.mailchimp.slots import NoSlotError
from shared.runs.records import RunFailure

# Seconds until a plan is tried again.
SOON, LATER = 2.0, 30.0


class NotYetError(Exception):
    """The plan has to wait: for a slot, for input, for Mailchimp, for the vault.

    `failure`: what becomes of the run when it has waited for that for an hour. `grows`: shorter
    at first, as what is waited for may pass in a moment.
    """

    def __init__(
        self, seconds: float, failure: RunFailure | None = None, *, grows: bool = False
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self.failure = failure
        self.grows = grows


class StoppedError(Exception):
    """The run was stopped: its plan goes no further."""


def as_failure(error: Exception) -> Exception:
    """Return what it means for the plan that Mailchimp or the vault did not do their part."""
    match error:
        case ErasureKeyError():
            # Without the key nobody could tell who must be left out.
            failure = RunFailure("secret_unreadable", str(error))
            return NotYetError(LATER, failure) if error.temporary else failure
        case ConnectionUnusableError(temporary=True):
            return NotYetError(LATER, RunFailure(error.code, error.detail))
        case ConnectionUnusableError():
            skipped = error.code in ("connection_missing", "connection_not_ready")
            return RunFailure(error.code, error.detail, "skipped" if skipped else "failed")
        case StopError():
            return RunFailure(error.code, f"{error}. {error.advice}")
        case NoSlotError():
            return NotYetError(SOON)
        case RetryError():
            return NotYetError(LATER, grows=True)
        case RefusedError():
            return RunFailure("internal_error", f"Mailchimp refuses: {error.detail}")
        case _:
            return error
