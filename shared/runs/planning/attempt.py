"""What one attempt to plan a run works with, from the moment its input is whole."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property

from shared.accounts import board
from shared.app import App
from shared.exports.connection_models import StoredConnection
from shared.exports.models import StoredExport
from shared.mailchimp.tokens import Token
from shared.platform.blobs import Blobs
from shared.runs import names
from shared.runs.connect import token_of
from shared.runs.ledger import Ledger
from shared.runs.planning.run_input import RunInput
from shared.runs.planning.waiting import StoppedError
from shared.runs.record import Run
from shared.runs.stopping import stop_order


@dataclass(frozen=True, kw_only=True)
class PlanningAttempt:
    """An attempt to plan a run whose account is known and that is on its board.

    knows_subscribed: who is subscribed to the audience has been read for it.

    before: the run whose failed contacts alone it asks again. old: the ledger that the run begins
    with. others: the other exports on the audience. id: what
    tells apart what several attempts at one run write.
    """

    app: App
    run: Run
    connection: StoredConnection
    account: str
    found: RunInput
    old: Ledger
    others: tuple[StoredExport, ...]
    before: Run | None = None
    knows_subscribed: bool = False
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def export(self) -> StoredExport:
        """The export, as it was when the run was started."""
        return self.run.configuration

    @property
    def folder(self) -> str:
        """Where everything lies that the attempt works out."""
        return names.attempt_folder(self.run.id, self.id)

    @cached_property
    def token(self) -> Token:
        """The token as the vault held it when this was first asked for.

        For the calls before the plan is worked out: what comes later asks the vault again. Raises
        ConnectionUnusableError.
        """
        return token_of(self.app, self.connection.name, self.account)

    def check_not_stopped(self) -> None:
        """Raise StoppedError when no call may be made for the run any more."""
        seen = self.app.board.look(self.account, board.LOOK_SECONDS).runs.get(self.run.id)
        if seen is None or seen.stopped:
            raise StoppedError


def check_no_order(blobs: Blobs, run: str) -> None:
    """Raise StoppedError for a run that was ordered to stop before it was on the board."""
    if stop_order(blobs, run) is not None:
        raise StoppedError
