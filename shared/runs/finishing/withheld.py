"""What people are told of what a run's stops have kept back."""

from shared.notice import Notice
from shared.runs.plan_document import Plan

_REMOVALS = (
    "Removals were withheld: {}. Everything else was sent. Look at the segments, then run the "
    "export once with allow_removals."
)
_WITHDRAWALS = (
    "Archiving or unsubscribing was withheld: {}. They lost their tags, and everything else was "
    "sent. Look at the consent column, then run the export once with allow_removals."
)
_ADDITIONS = (
    "New contacts were withheld: {count} would have been created, and the export allows {limit} in "
    "a run. Everything else was sent. Look at the segments, then run the export once with "
    "allow_additions."
)


def withheld_notices(plan: Plan) -> list[Notice]:
    """Return what the stops have withheld: the first is the run's error, the others warnings."""
    found = []
    if plan.removals_withheld:
        found.append(Notice("removals_withheld", _REMOVALS.format(plan.removals_withheld)))
    if plan.withdrawals_withheld:
        text = _WITHDRAWALS.format(plan.withdrawals_withheld)
        found.append(Notice("withdrawals_withheld", text))
    if plan.withheld.additions:
        params = {"count": plan.withheld.additions, "limit": plan.growth_limit}
        found.append(Notice("additions_withheld", _ADDITIONS.format(**params), params))
    return found
