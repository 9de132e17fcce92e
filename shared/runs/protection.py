"""Whom a lane must leave out although the plan knew nothing of it."""

from collections.abc import Mapping

from shared.app import App
from shared.runs.planned import Plan


def recently_protected(app: App, plan: Plan) -> Mapping[str, str]:
    """Return addresses that got into a protected state since the plan, with that state."""
    del app, plan
    return {}
