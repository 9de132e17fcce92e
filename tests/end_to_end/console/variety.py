"""What one export that has run does not show: a bill with a price, growth held back, a proof."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.scenario import CONNECTION, EXPORT, TAGS, simplest_document
from tests.end_to_end.console.conftest import Furnished
from tests.support.place import until

HELD_BACK = "held-back"
_ACCOUNT = {
    "webhooks": True,
    "plan_size": 100,
    "block_size": 10,
    "block_price": {"amount": 30.5, "currency": "EUR"},
}
_LOST_THEIR_TAG = 3


@contextmanager
def variety(product: Furnished) -> Iterator[Mapping[str, str]]:
    """Paths of runs below `/console/` by what they are; all is as it was before afterwards."""
    ask = product.stack.ask
    connection = ask("GET", f"connections/{CONNECTION}")
    connection.pop("consent")
    ask("PUT", f"connections/{CONNECTION}", connection | _ACCOUNT)
    held_back = {
        "display_name": "Held back",
        "growth_limit": {"contacts": 10},
        "schedule": {"active": False, "kind": "none"},
    }
    ask("PUT", f"exports/{HELD_BACK}", simplest_document(product.scenario) | held_back)
    try:
        runs = {
            "run": ask("GET", f"exports/{EXPORT}/runs")["items"][-1]["id"],
            "preview": _begun(product, EXPORT, preview=True),
            "held_back": _begun(product, HELD_BACK),
        }
        for run in runs.values():
            product.stack.ended(run)
        with changed_by_hand(product):
            runs["held_back_preview"] = _begun(product, HELD_BACK, preview=True)
            verify(product)
            product.stack.ended(runs["held_back_preview"])
            yield {name: f"runs/{run}" for name, run in runs.items()}
    finally:
        ask("DELETE", f"exports/{HELD_BACK}")
        ask("PUT", f"connections/{CONNECTION}", connection)


def verify(product: Furnished) -> None:
    """Verify the export that has run."""
    path = f"exports/{EXPORT}/verification"
    product.stack.ask("POST", path)
    until(
        lambda: product.stack.ask("GET", path)["status"] == "succeeded",
        timeout=60,
        what="the verification",
    )


def _begun(product: Furnished, export: str, **asked: object) -> str:
    return str(product.stack.ask("POST", f"exports/{export}/runs", asked)["id"])


@contextmanager
def changed_by_hand(product: Furnished) -> Iterator[None]:
    """Some contacts have lost a tag of the export, and one that it does not hold has it."""
    mailchimp, audience = product.stack.mailchimp, product.scenario.audience_id
    tag = next(iter(TAGS.values()))
    having = [mail for mail, one in mailchimp.contacts(audience).items() if tag in one.tags]
    losing = having[:_LOST_THEIR_TAG]
    mailchimp.remove_tag(audience, losing, tag)
    mailchimp.add_tag(audience, product.scenario.own, tag)
    try:
        yield
    finally:
        mailchimp.remove_tag(audience, product.scenario.own, tag)
        mailchimp.add_tag(audience, losing, tag)
