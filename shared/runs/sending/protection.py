"""Whom lanes must leave out although the plan knew nothing of it.

No call writes a status to a contact that exists; the table makes outcomes truthful and keeps tags
off people who left. It is brought up to date every ten minutes of a run, by one of its lanes, and
no lane sends with knowledge older than fourteen: where archived contacts count as new, it alone
keeps out whom others have archived (shared/accounts/updates.py).

While leavers are archived it is looked at every minute: an archived contact no longer shows that
it was unsubscribed before, and one that this export archived may come back.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from shared.mailchimp.errors import RefusedError, ThrottledError, UnavailableError
from shared.platform.clock import utc_now
from shared.platform.settings import Settings

if TYPE_CHECKING:  # the composition root holds a Protection, and these know that root
    from shared.accounts.slots import Slot
    from shared.app import App
    from shared.mailchimp.client import MailchimpClient
    from shared.mailchimp.suppressions import Changes
    from shared.runs.plan_document import Plan

_REFRESH_SECONDS = 600.0
_LEAVING_SECONDS = 60.0
# Older than this times the interval, knowledge is not sent with: 14 of the 15 minutes.
_TOO_OLD = 1.4
_BUDGET_SECONDS = 120.0
# While contacts leave, the next look comes no sooner than this times as long as the last one took.
_PAUSE = 4.0
# A process has at most a dozen lanes.
_MAX_RUNS = 24


class Protection:
    """What this process knows of each run's audience since its plan."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._known: dict[str, Changes] = {}
        # How many seconds the last look at an audience took that was had to its end.
        self._took: dict[tuple[str, str], float] = {}

    def since_plan(
        self,
        app: "App",
        slot: "Slot",
        client: "MailchimpClient",
        plan: "Plan",
        *,
        leaving: bool = False,
    ) -> Mapping[str, str]:
        """Return addresses that got into a protected state since the plan, with that state.

        leaving: the next call lets contacts leave the audience.

        Raises SlotLostError, and MailchimpError: ThrottledError where nothing new enough is known
        at the moment.
        """
        known = self._known.get(plan.run)
        if known is None:
            known = self._read(app, plan)
        longest = refresh_seconds(app.settings)
        interval = longest
        if leaving:
            # Looking takes some calls: most of the time is for the leavers, however slow they are.
            pause = _PAUSE * self._took.get((plan.account, plan.audience), 0.0)
            interval = min(longest, max(pause, refresh_seconds(app.settings, leaving=True)))
        age = (utc_now() - known.refreshed_at).total_seconds()
        if age < interval:
            return known.suppressed
        # One lane looks; the others go on with what is known until that is too old.
        lock = self._lock_of(plan)
        if not lock.acquire(blocking=age >= _TOO_OLD * interval):
            return known.suppressed
        try:
            known, finished = self._refresh(app, slot, client, plan, interval)
        finally:
            lock.release()
        # A look that was had to its end is as new as one can be, however long it took.
        limit = _TOO_OLD * (longest if finished else interval)
        if (utc_now() - known.refreshed_at).total_seconds() >= limit:
            raise ThrottledError
        return known.suppressed

    def looked_at(self, run: str) -> datetime | None:
        """Return when the look began by which `since_plan` has told of a run's audience."""
        with self._lock:
            known = self._known.get(run)
        return known.refreshed_at if known else None

    def forget(self, run: str) -> None:
        """Drop what is known for a run that this process no longer works for."""
        with self._lock:
            self._known.pop(run, None)

    def _refresh(
        self, app: "App", slot: "Slot", client: "MailchimpClient", plan: "Plan", interval: float
    ) -> "tuple[Changes, bool]":
        """Look; return what is known then, and whether the look was had to its end."""
        from shared.mailchimp import suppressions

        begun = time.monotonic()
        try:
            result = suppressions.refresh(
                app,
                plan.account,
                plan.audience,
                lambda: nullcontext(client),
                budget_seconds=_scaled(app.settings, _BUDGET_SECONDS),
                slots=lambda: nullcontext(slot),
                workers=1,
                max_age_seconds=interval / 2,
                additions_only=True,
            )
        except RefusedError as error:
            # It was not the batch that was refused.
            raise UnavailableError(error.detail, status=error.status) from None
        if result.finished:
            self._took[plan.account, plan.audience] = time.monotonic() - begun
        return self._read(app, plan), result.finished

    def _read(self, app: "App", plan: "Plan") -> "Changes":
        from shared.mailchimp import suppressions

        generation = plan.suppressions
        known = suppressions.changed_since(app, plan.account, plan.audience, generation)
        with self._lock:
            self._known.pop(plan.run, None)
            self._known[plan.run] = known
            while len(self._known) > _MAX_RUNS:
                # Of runs that were stopped, or ended elsewhere, nobody says that they are over.
                del self._known[next(iter(self._known))]
        return known

    def _lock_of(self, plan: "Plan") -> threading.Lock:
        with self._lock:
            return self._locks.setdefault((plan.account, plan.audience), threading.Lock())


def refresh_seconds(settings: Settings, *, leaving: bool = False) -> float:
    """How old the knowledge of protected contacts may get before a lane looks again.

    Ten minutes, a minute before contacts leave.
    """
    return _scaled(settings, _LEAVING_SECONDS if leaving else _REFRESH_SECONDS)


def _scaled(settings: Settings, seconds: float) -> float:
    """Return a time; where calls are cut off sooner than in production, shorter by as much."""
    return min(seconds, seconds * settings.mailchimp_timeout / 130)
