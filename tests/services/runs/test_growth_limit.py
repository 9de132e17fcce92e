"""Exports that may add only so many contacts in a run, against the simulator's audience."""

from typing import Any
from urllib.parse import parse_qs

from shared.mailchimp.suppressions import load_subscribed
from shared.runs.record import RunRequest
from shared.runs.start import start_run
from tests.support.erasing import erase_here
from tests.support.steps import Steps


def run_with(
    steps: Steps,
    *,
    preview: bool = False,
    allow_additions: bool = False,
    allow_removals: bool = False,
) -> dict[str, Any]:
    """Make a run, or a preview, as a person asks for it; its record."""
    asked = RunRequest(
        requested_by="test",
        preview=preview,
        allow_additions=allow_additions,
        allow_removals=allow_removals,
    )
    run = start_run(steps.app, steps.export(), asked).id
    steps.plan(run)
    if not preview:
        steps.lane()
        steps.finish(run)
    return steps.record(run)


def told(record: dict[str, Any]) -> tuple[str, str | None, int]:
    """Return status, error code and how many additions were withheld."""
    error = record["error"] and record["error"]["code"]
    return record["status"], error, record.get("withheld", {}).get("additions", 0)


def test_above_the_limit_nobody_is_created_until_a_run_that_allows_it(steps: Steps) -> None:
    steps.change(growth_limit={"contacts": 2})
    first = steps.run()
    assert told(first) == ("partial", "additions_withheld", 3)
    assert first["error"]["params"] == {"count": 3, "limit": 2}
    assert (steps.contacts(), first["counts"]["skipped"]) == (set(), 3)
    assert {row["code"] for row in steps.outcomes(first["id"])} == {"skipped_growth_limit"}

    # Whoever was withheld is nobody's leaver, and nobody who was sent.
    steps.write({"VIP": [1, 2, 3]})
    again = steps.run()
    assert told(again) == ("partial", "additions_withheld", 3)
    assert again["outcomes"] == {"skipped_growth_limit": 3}

    allowed = run_with(steps, allow_additions=True)
    assert told(allowed) == ("succeeded", None, 0)
    assert steps.contacts() == {steps.email(n) for n in (1, 2, 3)}

    steps.write({"VIP": range(1, 8)})
    later = steps.run()
    assert told(later) == ("partial", "additions_withheld", 4)
    assert later["outcomes"] == {"skipped_growth_limit": 4, "unchanged": 3}


def test_all_else_is_sent_while_additions_are_withheld(steps: Steps) -> None:
    steps.run()
    steps.change(growth_limit={"contacts": 1}, removal_limit_percent=100)
    steps.write({"VIP": [1, 2, 3, 4]}, FirstName="Ana")

    record = steps.run()

    assert told(record) == ("partial", "additions_withheld", 2)
    assert record["outcomes"] == {"skipped_growth_limit": 2, "updated": 2, "untagged": 1}


def test_as_many_as_the_limit_says_are_sent(steps: Steps) -> None:
    steps.change(growth_limit={"contacts": 3})
    assert told(steps.run()) == ("succeeded", None, 0)


def test_a_share_does_not_hold_for_who_begins_and_does_from_then_on(steps: Steps) -> None:
    others = [{"email": f"{n}-other@contoso.com", "status": "unsubscribed"} for n in range(7)]
    steps.mailchimp.put_contacts(steps.audience, others)
    steps.change(growth_limit={"percent": 20}, removal_limit_percent=100)
    assert told(steps.run()) == ("succeeded", None, 0)

    # Unsubscribed contacts are billed as well: a fifth of ten.
    steps.write({"VIP": range(6)})
    assert told(steps.run()) == ("partial", "additions_withheld", 3)
    steps.write({"VIP": range(5)})
    assert told(steps.run()) == ("succeeded", None, 0)

    # Nor does it end to hold because everybody has left.
    steps.write({"VIP": [9]})
    steps.change(growth_limit={"percent": 0})
    run_with(steps, allow_removals=True)
    assert told(run_with(steps, allow_removals=True)) == ("partial", "additions_withheld", 1)


def test_whom_another_export_has_sent_is_no_addition(steps: Steps) -> None:
    steps.run()
    steps.write({"VIP": range(3), "Club": [1, 2, 5]})
    club = steps.beside("-club", segments=["Club"], growth_limit={"contacts": 1})
    assert told(club.run()) == ("succeeded", None, 0)

    # Also once that one has let go of it, which leaves it in the audience.
    steps.write({"VIP": [0], "Club": [1, 2, 5]})
    run_with(steps, allow_removals=True)
    third = steps.beside("-third", segments=["Club"], growth_limit={"contacts": 0})
    assert told(third.run()) == ("succeeded", None, 0)


def test_a_preview_says_what_the_run_withholds(steps: Steps) -> None:
    steps.change(growth_limit={"contacts": 2})

    preview = run_with(steps, preview=True)
    lifted = run_with(steps, preview=True, allow_additions=True)
    record = steps.run()

    assert told(preview)[0] == "succeeded"
    assert preview["plan"]["withheld"] == record["withheld"]
    assert preview["plan"]["counts"]["skipped"] == record["counts"]["skipped"] == 3
    assert (lifted["plan"]["withheld"]["additions"], lifted["plan"]["counts"]["to_upsert"]) == (
        0,
        3,
    )


def test_where_removals_and_additions_stop_together_removals_are_the_error(steps: Steps) -> None:
    steps.write({"VIP": range(30)})
    steps.run()
    steps.change(growth_limit={"contacts": 1})
    steps.write({"VIP": range(28, 34)})

    record = steps.run()

    assert told(record) == ("partial", "removals_withheld", 4)
    assert record["withheld"] == {"additions": 4, "removals": 28, "withdrawals": 0}
    assert "additions_withheld" in [warning["code"] for warning in record["warnings"]]
    assert record["outcomes"] == {"skipped_growth_limit": 4, "unchanged": 30}


def test_whom_the_filter_keeps_out_does_not_count(steps: Steps) -> None:
    steps.change(
        growth_limit={"contacts": 1},
        filter={"all": [{"field": "FirstName", "op": "in", "values": ["P1"]}]},
    )
    record = steps.run()
    assert told(record) == ("succeeded", None, 0)
    assert record["outcomes"] == {"created": 1, "skipped_filtered": 2}

    steps.change(filter={"all": [{"field": "FirstName", "op": "not_blank"}]})
    assert told(steps.run()) == ("partial", "additions_withheld", 2)


def readings(steps: Steps) -> list[str]:
    """Return the queries for subscribed contacts since the log was emptied, and empty it."""
    queries = [call.query for call in steps.mailchimp.calls()]
    steps.mailchimp.reset_log()
    return [query for query in queries if parse_qs(query).get("status") == ["subscribed"]]


def test_whom_the_audience_holds_already_is_no_addition(steps: Steps) -> None:
    there = [{"email": steps.email(n)} for n in range(4)] + [{"email": "friend@contoso.com"}]
    steps.mailchimp.put_contacts(steps.audience, there)
    steps.write({"VIP": range(6)})
    steps.change(growth_limit={"contacts": 2})

    preview = run_with(steps, preview=True)
    record = steps.run()

    assert told(record) == ("succeeded", None, 0)
    assert record["outcomes"] == {"created": 2, "updated": 4}
    assert preview["plan"]["withheld"]["additions"] == 0
    # Read, and so known to the last one.
    assert preview["plan"]["bill"]["account_after"] == {"at_least": 7, "at_most": 7}


def test_the_audience_is_read_only_above_the_limit_and_then_what_has_changed(
    steps: Steps,
) -> None:
    steps.change(growth_limit={"contacts": 2})
    steps.write({"VIP": [0, 1]})
    steps.mailchimp.reset_log()
    steps.run()
    assert readings(steps) == []

    steps.mailchimp.put_contacts(steps.audience, [{"email": steps.email(2)}])
    steps.write({"VIP": range(7)})
    assert told(steps.run()) == ("partial", "additions_withheld", 4)
    first = readings(steps)

    # One more has signed up by themselves.
    steps.mailchimp.put_contacts(steps.audience, [{"email": steps.email(3)}])
    steps.write({"VIP": range(6)})
    assert told(steps.run()) == ("succeeded", None, 0)
    assert 1 <= len(readings(steps)) < len(first)


def test_an_erased_person_is_gone_from_what_was_read(steps: Steps) -> None:
    steps.mailchimp.put_contacts(steps.audience, [{"email": steps.email(0)}])
    steps.change(growth_limit={"contacts": 1})
    steps.run()
    account = steps.account.account_id
    assert steps.email(0) in set(load_subscribed(steps.app, account, steps.audience))

    erase_here(steps.app, email=steps.email(0))

    assert steps.email(0) not in set(load_subscribed(steps.app, account, steps.audience))
