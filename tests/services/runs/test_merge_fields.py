"""A merge field is its id, whatever people do to it in Mailchimp."""

from dataclasses import replace

import pytest

from tests.support.steps import Steps


def names(steps: Steps, field: str = "FNAME") -> list[str]:
    contacts = steps.mailchimp.contacts(steps.audience)
    return [str(contacts[email].merge_fields.get(field)) for email in sorted(contacts)]


@pytest.mark.parametrize("by_people", [True, False])
def test_a_field_that_was_deleted_and_made_anew_is_filled_again_for_everybody(
    steps: Steps, by_people: bool
) -> None:
    steps.change(create_merge_fields=True)
    steps.run()
    steps.mailchimp.delete_field(steps.audience, "FNAME")
    if by_people:
        steps.mailchimp.create_field(steps.audience, "FNAME")

    ended = steps.run()

    assert (ended["status"], ended["counts"]["updated"]) == ("succeeded", 3)
    assert names(steps) == ["P0", "P1", "P2"]
    assert steps.run()["counts"]["unchanged"] == 3


def test_a_field_that_was_deleted_and_may_not_be_made_anew_is_left_out_with_a_warning(
    steps: Steps,
) -> None:
    steps.change(merge_fields={"FNAME": "FirstName", "LNAME": "CustomerId"})
    steps.run()
    steps.mailchimp.delete_field(steps.audience, "FNAME")
    steps.write({"VIP": range(4)}, FirstName="Other")

    ended = steps.run()

    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 1)
    (warning,) = ended["warnings"]
    assert (warning["code"], warning["params"]) == ("merge_field_missing", {"tag": "FNAME"})
    assert "" not in names(steps, "LNAME")
    assert len(names(steps, "LNAME")) == 4

    steps.mailchimp.create_field(steps.audience, "FNAME")

    assert [warning["code"] for warning in steps.run()["warnings"]] == ["drift_found"]
    assert names(steps) == ["Other"] * 4


def test_a_field_whose_tag_was_changed_goes_on_under_the_new_one(steps: Steps) -> None:
    steps.change(create_merge_fields=True)
    steps.run()
    steps.mailchimp.rename_field(steps.audience, "FNAME", "FIRST")

    ended = steps.run()

    assert ended["counts"]["unchanged"] == 3
    warning, drifted = ended["warnings"]
    assert (warning["code"], drifted["code"]) == ("merge_field_renamed", "drift_found")
    assert warning["params"] == {"given": "FNAME", "found": "FIRST"}
    steps.write({"VIP": range(4)}, FirstName="Other")
    assert steps.run()["counts"]["updated"] == 3
    assert names(steps, "FIRST") == ["Other"] * 4
    assert "FNAME" not in steps.mailchimp.contacts(steps.audience)[steps.email(0)].merge_fields


def planned(steps: Steps) -> str:
    """A run in which everybody's name is sent, planned."""
    steps.change(create_merge_fields=True)
    steps.run()
    steps.write({"VIP": range(3)}, FirstName="Other")
    run = steps.start()
    steps.plan(run)
    return run


def test_a_value_whose_field_is_renamed_while_a_run_is_sending_is_sent_under_its_new_tag(
    steps: Steps,
) -> None:
    run = planned(steps)
    steps.mailchimp.rename_field(steps.audience, "FNAME", "FIRST")
    steps.lane()
    steps.finish(run)
    ended = steps.record(run)
    assert (ended["status"], ended["counts"]["updated"]) == ("succeeded", 3)
    assert not ended["warnings"]
    assert names(steps, "FIRST") == ["Other"] * 3
    assert steps.run()["counts"]["unchanged"] == 3


def test_a_value_whose_field_is_deleted_while_a_run_is_sending_is_counted_and_sent_again(
    steps: Steps,
) -> None:
    run = planned(steps)
    steps.mailchimp.delete_field(steps.audience, "FNAME")
    steps.lane()
    steps.finish(run)
    (warning,) = steps.record(run)["warnings"]
    assert warning["code"] == "values_dropped"
    assert warning["params"]["field"] == "FNAME"
    assert warning["params"]["count"] == 3
    assert steps.run()["counts"]["updated"] == 3
    assert names(steps) == ["Other"] * 3


def test_values_that_were_refused_are_sent_again_once_the_audience_s_fields_differ(
    steps: Steps,
) -> None:
    fields: list[dict[str, object]] = [
        {"tag": "BDAY", "name": "Day", "type": "birthday", "options": {"date_format": "DD/MM"}},
        {"tag": "SHOE", "name": "Shoe size", "type": "text"},
    ]
    audience = steps.mailchimp.add_list(steps.account, "Days", merge_fields=fields)
    steps.write({"VIP": range(3)}, Birthday="1990-05-24")
    steps.change(audience_id=audience, merge_fields={"BDAY": "Birthday"})
    there = replace(steps, audience=audience)
    steps.mailchimp.set(birthday_input="as_shown")
    try:
        assert there.run()["outcomes"] == {"rejected_merge_field": 3}
    finally:
        steps.mailchimp.set(birthday_input="month_first")
    assert there.run()["outcomes"] == {"rejected_merge_field": 3}

    steps.mailchimp.delete_field(audience, "SHOE")

    assert there.run()["outcomes"] == {"created": 3}
