"""What a run makes, renames and keeps of an audience's tags."""

import json
from typing import Any

from local.services import Services
from shared.app import App
from shared.audiences.owned_tags import own_tag, owned_tags
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


def test_a_tag_that_people_rename_stays_the_tag_of_all_exports_that_give_it(steps: Steps) -> None:
    other = steps.beside("-b")
    steps.run()
    other.run()
    tag = steps.mailchimp.tags(steps.audience)["VIP"]
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    steps.write({"VIP": range(1, 40)})

    for one in (steps, other, steps):
        ended = one.run()
        assert (ended["status"], ended["error"]) == ("succeeded", None)
        (warning,) = [found for found in ended["warnings"] if found["code"] == "tag_renamed"]
        assert warning["params"] == {"given": "VIP", "found": "Gold"}

    assert steps.mailchimp.tags(steps.audience) == {"Gold": tag}
    assert tagged(steps, "Gold") == {steps.email(n) for n in range(1, 40)}


def test_a_new_name_in_the_export_is_no_removal_though_another_export_keeps_the_old_one(
    services: Services, app_of_steps: App
) -> None:
    steps = Steps.make(services, app_of_steps, people=60)
    other = steps.beside("-b", segments=[{"name": "VIP", "tag": "VIP"}])
    steps.write({"VIP": range(60), "Some": range(10)})
    other.change(segments=[{"name": "Some", "tag": "VIP"}])
    steps.run()
    other.run()
    steps.change(segments=[{"name": "VIP", "tag": "Gold"}])

    ended = steps.run()

    assert (ended["status"], ended["error"]) == ("succeeded", None)
    assert tagged(steps, "Gold") == {steps.email(n) for n in range(60)}
    assert tagged(steps, "VIP") == {steps.email(n) for n in range(10)}


def test_tags_that_0_1_0_kept_by_name_are_known_by_their_ids(steps: Steps) -> None:
    steps.run()
    tag = steps.mailchimp.tags(steps.audience)["VIP"]
    entry = {"export": steps.name, "created_at": "2026-01-05T06:00:00.000000Z"}
    renamed = entry | {"id": tag, "created_at": "2026-01-06T06:00:00.000000Z"}
    document = {
        "tags": {"First": entry | {"id": tag}, "VIP": renamed, "Lost": entry | {"id": None}}
    }
    name = f"ledgers/{steps.account.account_id}/{steps.audience}/tags.json"
    steps.app.blobs.write(name, json.dumps(document).encode())

    known = owned_tags(steps.app.blobs, steps.account.account_id, steps.audience)

    assert {(one.name, one.id) for one in known} == {("VIP", tag), ("Lost", None)}
    steps.change(segments=[{"name": "VIP", "tag": "Best"}])
    assert steps.run()["status"] == "succeeded"
    assert steps.mailchimp.tags(steps.audience) == {"Best": tag}


def test_a_tag_begun_by_a_call_without_an_answer_is_ours_and_one_of_people_s_later_is_not(
    steps: Steps,
) -> None:
    account, blobs = steps.account.account_id, steps.app.blobs
    own_tag(blobs, account, steps.audience, name="VIP", id_=None, export=steps.name)
    steps.mailchimp.create_tag(steps.audience, "VIP")
    assert steps.run()["status"] == "succeeded"

    own_tag(blobs, account, steps.audience, name="Gold", id_=None, export=steps.name)
    steps.mailchimp.set(clock_offset_seconds=3600)
    steps.mailchimp.create_tag(steps.audience, "Gold")
    steps.mailchimp.set(clock_offset_seconds=0)
    steps.change(segments=[{"name": "VIP", "tag": "Gold"}])
    ended = steps.run()
    assert ended["status"] == "failed"
    assert "adopt" in ended["error"]["detail"]


def tagged(steps: Steps, tag: str) -> set[str]:
    contacts = steps.mailchimp.contacts(steps.audience)
    return {email for email, contact in contacts.items() if tag in contact.tags}


def test_who_got_another_address_in_mailchimp_is_not_created_under_the_old_one(
    steps: Steps,
) -> None:
    steps.change(removal_limit_percent=100)
    steps.run()
    for n in (1, 2):
        steps.mailchimp.change_email(steps.audience, steps.email(n), f"new{steps.email(n)}")
    steps.write({"VIP": [0, 2]}, FirstName="Changed")

    run = steps.sent()
    steps.finish(run)

    ended = steps.record(run)
    assert ended["status"] == "succeeded", ended
    assert ended["outcomes"] == {"skipped_archived": 1, "updated": 1, "unchanged": 1}
    told = [row["detail"] for row in steps.outcomes(run) if row["code"] == "skipped_archived"]
    assert told == ["not in the audience any more"]
    # Whatever she says under her own address, she stays subscribed under no other.
    steps.mailchimp.unsubscribe_by_self(steps.audience, f"new{steps.email(2)}")
    steps.write({"VIP": [0, 2]}, FirstName="Changed again")
    assert steps.run()["outcomes"] == {"skipped_archived": 1, "updated": 1}
    contacts = steps.mailchimp.contacts(steps.audience)
    statuses = [contacts[email].status for email in (steps.email(2), f"new{steps.email(2)}")]
    assert statuses == ["archived", "unsubscribed"]
    # Nor does another export create what this one has sent.
    steps.mailchimp.change_email(steps.audience, steps.email(0), f"new{steps.email(0)}")
    club = steps.beside("-club", segments=["Club"])
    steps.write({"Club": [0, 7]})
    assert club.run()["outcomes"] == {"created": 1, "skipped_archived": 1}
    assert steps.mailchimp.contacts(steps.audience)[steps.email(0)].status == "archived"


def ended_after(steps: Steps, run: str) -> dict[str, Any]:
    """The record of a planned run that is sent and finished."""
    steps.lane()
    steps.finish(run)
    return steps.record(run)


def test_a_tag_renamed_while_a_run_is_sending_is_given_by_its_id_and_no_other_is_left(
    steps: Steps,
) -> None:
    steps.run()
    tag = steps.mailchimp.tags(steps.audience)["VIP"]
    steps.write({"VIP": range(6)})
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")

    ended = ended_after(steps, run)

    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 3), ended
    assert steps.mailchimp.tags(steps.audience) == {"Gold": tag}
    assert tagged(steps, "Gold") == {steps.email(n) for n in range(6)}


def test_a_tag_deleted_while_a_run_is_sending_is_the_one_that_mailchimp_makes_in_its_place(
    steps: Steps,
) -> None:
    steps.run()
    steps.write({"VIP": range(6)})
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.delete_tag(steps.audience, "VIP")

    assert ended_after(steps, run)["status"] == "succeeded"
    tag = steps.mailchimp.tags(steps.audience)["VIP"]
    assert steps.run()["status"] == "succeeded"
    assert steps.mailchimp.tags(steps.audience) == {"VIP": tag}
    assert tagged(steps, "VIP") == {steps.email(n) for n in range(6)}


def test_somebody_s_tag_that_got_the_name_meanwhile_is_taken_from_our_contacts_and_stays(
    steps: Steps,
) -> None:
    steps.run()
    tag = steps.mailchimp.tags(steps.audience)["VIP"]
    steps.mailchimp.put_contacts(steps.audience, [{"email": steps.email(9)}])
    steps.write({"VIP": range(6)})
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    # Well before our call.
    steps.mailchimp.set(clock_offset_seconds=-3600)
    theirs = steps.mailchimp.create_tag(steps.audience, "VIP")
    steps.mailchimp.set(clock_offset_seconds=0)
    steps.mailchimp.add_tag(steps.audience, steps.email(9), "VIP")

    assert ended_after(steps, run)["status"] == "succeeded"
    assert steps.mailchimp.tags(steps.audience) == {"Gold": tag, "VIP": theirs}
    assert tagged(steps, "Gold") == {steps.email(n) for n in range(6)}
    assert tagged(steps, "VIP") == {steps.email(9)}
