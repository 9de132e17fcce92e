"""The newest snapshot is older than the one that was exported last: it brings nothing back."""

from typing import Any

import pytest

from tests.support.steps import Steps

HEADER = "CustomerId,Email,FirstName,Consent\n"
OLD, NEW = "VIP/2026/11/20/0600/VIP_1.csv", "VIP/2026/11/21/0600/VIP_1.csv"


def rows(steps: Steps, **consents: str) -> str:
    """A file; `p1="yes"` is the person of number 1."""
    return HEADER + "".join(
        f"{steps.name}-{name[1:]},{steps.email(int(name[1:]))},P{name[1:]},{consent}\n"
        for name, consent in consents.items()
    )


@pytest.fixture
def went_back(steps: Steps) -> Steps:
    """1 stays, 2 leaves, 3 takes consent back, 4 comes; then the newer snapshot is deleted."""
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    steps.change(removal_limit_percent=100, consent={"field": "Consent", "values": ["yes"]})
    steps.put(OLD, rows(steps, p1="yes", p2="yes", p3="yes"))
    steps.run()
    steps.put(NEW, rows(steps, p1="yes", p3="no", p4="yes"))
    assert steps.run()["counts"]["untagged"] == 2
    steps.segments.delete_blob(f"{steps.folder}/{NEW}")
    return steps


def tags(steps: Steps) -> dict[str, set[str]]:
    return {
        email: set(contact.tags)
        for email, contact in steps.mailchimp.contacts(steps.audience).items()
    }


def codes(record: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in record["warnings"]]


def test_nobody_returns_is_removed_or_sent_with_an_older_snapshot(went_back: Steps) -> None:
    before = tags(went_back)

    for _ in range(2):
        record = went_back.run()

        assert tags(went_back) == before
        assert "snapshot_older" in codes(record)
        assert (record["status"], record["error"]["code"]) == ("partial", "removals_withheld")
        assert "is older than the one exported before" in record["error"]["detail"]
        counts = record["counts"]
        assert (counts["created"], counts["updated"], counts["tagged"]) == (0, 0, 0)


def test_the_next_newer_snapshot_is_taken_as_ever(went_back: Steps) -> None:
    went_back.run()
    went_back.put(
        "VIP/2026/11/22/0600/VIP_1.csv", rows(went_back, p1="yes", p2="yes", p3="no", p5="yes")
    )

    record = went_back.run()

    assert "snapshot_older" not in codes(record)
    held = {email for email, given in tags(went_back).items() if given}
    assert held == {went_back.email(n) for n in (1, 2, 5)}
