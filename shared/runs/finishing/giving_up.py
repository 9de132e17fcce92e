"""The end of a run that a person has given up and whose results can't be added up."""

from collections.abc import Callable
from dataclasses import replace

from shared.app import App
from shared.erased import ErasureKeyError
from shared.platform import log
from shared.platform.blobs import BlobConflictError
from shared.platform.errors import CloudError
from shared.runs import chunks
from shared.runs.ending import clear_up, end_run
from shared.runs.record import Run, RunStatus, update_run
from shared.runs.stopping import StopOrder


def finish_or_give_up(
    app: App,
    run: Run,
    order: StopOrder,
    finish: Callable[[], bool],
    slots_are_over: Callable[[], bool],
) -> bool:
    """Finish a run; where that fails for another reason than storage, end it without its results.

    Returns False where it is too early: a call of it may be open. Its ledger stays as it was, so
    the next run sends again what this one has sent.
    """
    try:
        return finish()
    except (CloudError, BlobConflictError, ErasureKeyError):
        raise  # Asking again helps.
    except Exception as error:  # a person has said that it need not be added up
        log.failure("abandoned_run_not_added_up", error, run=run.id)
    leased = any(state.leased for state in chunks.states(app.blobs, run.id).values())
    if leased or (run.account and not slots_are_over()):
        return False
    end_run(app, run.id, RunStatus.FAILED, order.error)
    ended = update_run(app.blobs, run.id, lambda r: replace(r, unfolded=False, error=order.error))
    clear_up(app, ended or run)
    return True
