"""One thing wrong in the middle of a segment: a row ends the run, a value is left out."""

from dataclasses import replace

from tests.support.steps import Steps

FILE = "VIP/2026/11/22/0600/VIP_1.csv"
COUNT = 2_001
MIDDLE = 1_001


def write(steps: Steps, end: str) -> None:
    rows = [
        f"{steps.name}-{n},{steps.email(n)},P{n},{end if n == MIDDLE else n}"
        for n in range(1, COUNT + 1)
    ]
    steps.put(FILE, "\n".join(["CustomerId,Email,FirstName,Points", *rows, ""]))


def with_points(steps: Steps) -> Steps:
    """The same on an audience with a field for numbers."""
    fields: list[dict[str, object]] = [
        {"tag": "FNAME", "name": "First name", "type": "text"},
        {"tag": "POINTS", "name": "Points", "type": "number"},
    ]
    audience = steps.mailchimp.add_list(steps.account, "Points", merge_fields=fields)
    steps.change(audience_id=audience, merge_fields={"FNAME": "FirstName", "POINTS": "Points"})
    return replace(steps, audience=audience)


def test_a_bad_row_ends_the_run_and_is_named_by_its_number(steps: Steps) -> None:
    write(steps, "1,one too many")

    run = steps.start()
    steps.plan(run)

    record = steps.record(run)
    assert (record["status"], record["error"]["code"]) == ("failed", "snapshot_unreadable")
    assert f"row {MIDDLE:,}, line {MIDDLE + 1}: it has 5 values" in record["error"]["detail"]
    assert steps.email(MIDDLE) not in record["error"]["detail"]
    assert steps.contacts() == set()


def test_a_bad_value_is_left_out_and_counted_and_all_else_is_sent(steps: Steps) -> None:
    write(steps, "many")
    there = with_points(steps)

    record = there.run()

    assert (record["status"], record["counts"]["created"]) == ("succeeded", COUNT)
    (dropped,) = [w["params"] for w in record["warnings"] if w["code"] == "values_dropped"]
    assert (dropped["field"], dropped["count"]) == ("POINTS", 1)
    contacts = there.mailchimp.contacts(there.audience)
    assert contacts[there.email(MIDDLE)].merge_fields.get("POINTS", "") == ""
    assert contacts[there.email(MIDDLE)].merge_fields["FNAME"] == f"P{MIDDLE}"
    assert contacts[there.email(7)].merge_fields["POINTS"] == 7
