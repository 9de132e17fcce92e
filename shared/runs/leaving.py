"""Archiving and unsubscribing: only while nobody else works on the audience.

Two runs could otherwise meet: one archives a contact that the other has just sent. The run that
lets contacts leave says so on the board and then looks whether another run is at work; a run that
begins says so and then looks whether contacts leave. Whoever comes second waits.
"""

from shared.accounts.board import Board
from shared.platform.blobs import Blobs
from shared.runs import ledger
from shared.runs.neighbours import indexed_neighbours
from shared.runs.plan_document import Plan


def may_leave(board: Board, blobs: Blobs, plan: Plan) -> bool:
    """Return whether this run's leavers may be archived or unsubscribed now.

    Not when another run on the audience is between plan and finish, nor when another export's
    ledger has changed since the plan looked into it: then they are due in the next run.
    """
    run = plan.run
    board.put_leaving(plan.account, plan.audience, run)
    view = board.look(plan.account, max_age=0)
    if any(other != run and seen.audience == plan.audience for other, seen in view.runs.items()):
        return False
    uids = [export.uid for export in indexed_neighbours(blobs, plan.audience, plan.ledger.uid)]
    now = {other.uid: other.etag for other in ledger.others(blobs, plan.ledger, uids)}
    return now == plan.other_ledgers


def newly_shared(blobs: Blobs, plan: Plan) -> int:
    """Return the mask of tags that another export gives now but did not when this was planned."""
    names = {
        tag.casefold()
        for export in indexed_neighbours(blobs, plan.audience, plan.ledger.uid)
        for tag in export.tags
    }
    mask = 0
    for tag in plan.tags:
        if tag.name.casefold() in names:
            mask |= 1 << tag.bit
    return mask & ~plan.shared_tags


def must_wait(board: Board, account: str, audience: str, run: str) -> bool:
    """Return whether a run that has put itself on the board must wait for leavers of another."""
    view = board.look(account, max_age=0)
    return any(a == audience and other != run for a, other in view.leaving)
