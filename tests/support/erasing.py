"""Erasing people in tests: over HTTP, or step by step in this process."""

from typing import Any

from local.stack import Stack
from shared.app import App
from shared.erasure.ask import begin
from shared.erasure.work import hold_back, work
from tests.support.place import until

type Document = dict[str, Any]


def erase(stack: Stack, **body: object) -> Document:
    """Ask for an erasure and wait for its end."""
    asked: Document = stack.ask("POST", "erasures", body)
    path = f"erasures/{asked['id']}"

    def ended() -> Document | None:
        found: Document = stack.ask("GET", path)
        return found if found["status"] != "running" else None

    told: Document = until(ended, what="the end of the erasure")
    return told


def removed(told: Document) -> dict[str, int]:
    """How many were removed where; places without any are left out."""
    return {one["where"]: one["count"] for one in told["removed"] if one["count"]}


def erase_here(app: App, *, email: str | None = None, customer_id: str | None = None) -> str:
    """Erase a person in this process, as route and queue would; the erasure's id."""
    id_ = begin(app, email=email, customer_id=customer_id)
    hold_back(app, id_)
    assert work(app, id_, 60)
    return id_
