"""Whom webhooks have told of: looked at right before a call, where there are webhooks at all.

A mark on the account's board says that there are some, and changes with every event. So without
webhooks nothing more is read, and with them the board, once a second instead of every three.
"""

import math
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the composition root holds what a process has been told
    from shared.app import App
    from shared.mailchimp.suppressions import Told
    from shared.runs.plan_document import Plan

_LOOK_SECONDS = 1.0


class ToldContacts:
    """What this process knows of each audience, with the mark that it is of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[str, Mapping[str, Told]]] = {}

    def added_to(
        self, protected: Mapping[str, str], app: "App", plan: "Plan", looked_at: datetime | None
    ) -> Mapping[str, str]:
        """Return the protected contacts with those besides whom a look at `looked_at` can't show.

        None: it is not known how old that look is. The state that looking has shown stays.
        """
        # The lane has just looked whether it may go on: that view says whether there are webhooks.
        if plan.audience not in app.board.look(plan.account, math.inf).told:
            return protected
        found = self._told(app, plan)
        news = {
            one.email: one.status
            for one in found.values()
            if looked_at is None or one.says_more_than(looked_at)
        }
        return {**news, **protected} if news else protected

    def _told(self, app: "App", plan: "Plan") -> "Mapping[str, Told]":
        from shared.mailchimp import suppressions

        audience = plan.account, plan.audience
        mark = app.board.look(plan.account, _LOOK_SECONDS).told.get(plan.audience, "")
        with self._lock:
            before, known = self._known.get(audience, ("", {}))
            if before != mark:
                # The mark is written last: whatever it stands for is there by now.
                known = suppressions.read_told(app, *audience, known)
                self._known[audience] = mark, known
        return known
