"""Reasons for a plan to wait, to stop or to fail."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.accounts.slots import NoSlotError
from shared.erased import ErasureKeyError
from shared.exports.errors import ConnectionUnusableError
from shared.mailchimp.errors import (
    BlockedError,
    DeniedError,
    RefusedError,
    RetryError,
    StopError,
)
from shared.platform.errors import CloudError
from shared.runs.record import RunFailedError, RunStatus

# Seconds until a plan is tried again.
SOON, LATER = 2.0, 30.0


class RetryLaterError(Exception):
    """The plan has to wait: for a slot, for input, for Mailchimp, for the vault.

    `code` tells people what for; "" for what passes in a moment.
    `failure`: what becomes of the run when it has waited for that for an hour. `grows`: shorter
    at first, as what is waited for may pass in a moment.
    """

    def __init__(
        self,
        seconds: float,
        failure: RunFailedError | None = None,
        *,
        grows: bool = False,
        code: str = "",
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self.failure = failure
        self.code = code
        self.grows = grows


class StoppedError(Exception):
    """The run was stopped: its plan goes no further."""


@contextmanager
def segment_storage() -> Iterator[None]:
    """Have a plan wait where the storage of the segments refuses or does not answer.

    A role or a firewall may be mended meanwhile; what it does not have is told by the caller.
    """
    try:
        yield
    except CloudError as error:
        status = getattr(error, "status_code", None)
        said = f" It answers {status} ({getattr(error, 'error_code', None) or 'no code'})."
        failure = RunFailedError(
            "segment_storage_unreadable",
            "The storage account of the segments did not let this app read for an hour."
            f"{said if status else ' It did not answer.'} Give the app's identity the role Storage "
            "Blob Data Reader on the container, and let the account's firewall pass it; then run "
            "the export again.",
        )
        raise RetryLaterError(LATER, failure, code="segment_storage") from None


def as_failure(error: Exception) -> Exception:
    """Return what it means for the plan that Mailchimp or the vault did not do their part."""
    match error:
        case ErasureKeyError():
            # Without the key nobody could tell who must be left out.
            failure = RunFailedError("secret_unreadable", str(error))
            return RetryLaterError(LATER, failure, code="vault") if error.temporary else failure
        case ConnectionUnusableError(temporary=True):
            failure = RunFailedError(error.code, error.detail)
            return RetryLaterError(LATER, failure, code="vault")
        case ConnectionUnusableError(code="connection_missing" | "connection_not_ready"):
            return RunFailedError(error.code, error.detail, RunStatus.SKIPPED)
        case ConnectionUnusableError():
            return RunFailedError(error.code, error.detail)
        case StopError():
            return _stopped(error)
        case NoSlotError():
            return RetryLaterError(SOON, code="slot")
        case BlockedError():
            denied = DeniedError(error.detail, status=error.status, cause="firewall")
            return RetryLaterError(LATER, _stopped(denied), grows=True, code="mailchimp")
        case RetryError():
            return RetryLaterError(LATER, grows=True, code="mailchimp")
        case RefusedError():
            return RunFailedError("internal_error", f"Mailchimp refuses: {error.said}")
        case _:
            return error


def _stopped(error: StopError) -> RunFailedError:
    return RunFailedError(error.code, error.reason, params={"said": error.said})
