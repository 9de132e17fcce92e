"""What a run makes, renames and keeps of an audience's tags."""

from tests.support.steps import Steps


def test_a_run_that_sends_nobody_makes_no_tag_and_no_merge_field(steps: Steps) -> None:
    steps.run()
    steps.change(
        segments=["VIP", "Gold"],
        merge_fields={"FNAME": "FirstName", "NICK": "FirstName"},
        create_merge_fields=True,
    )
    steps.write({"VIP": [], "Gold": []})

    ended = steps.run()

    assert (ended["status"], ended["error"]["code"]) == ("skipped", "snapshot_empty")
    assert set(steps.mailchimp.tags(steps.audience)) == {"VIP"}
    assert not [
        call
        for call in steps.mailchimp.calls()
        if "/merge-fields" in call.path
        and call.writes
        and call.account_id == steps.account.account_id
    ]

    steps.write({"VIP": range(3), "Gold": range(2)})
    ended = steps.run()

    assert ended["status"] == "succeeded", ended
    assert set(steps.mailchimp.tags(steps.audience)) == {"VIP", "Gold"}
    contacts = steps.mailchimp.contacts(steps.audience)
    assert contacts[steps.email(0)].tags == {"VIP", "Gold"}
    assert contacts[steps.email(0)].merge_fields["NICK"] == "P0"
