"""What runs see of changes by hand, what people choose, and what the next run does about it."""

import pytest

from shared.drift.items import Choice, Drift, Item
from shared.drift.store import DriftStore
from tests.support.steps import Steps


def drift(steps: Steps) -> Drift:
    return store(steps).load()


def store(steps: Steps) -> DriftStore:
    return DriftStore(steps.app.blobs, steps.account.account_id, steps.audience)


def items(steps: Steps) -> list[Item]:
    return drift(steps).of_export(steps.export().uid)


def choose(steps: Steps, choice: Choice) -> None:
    (item,) = [one for one in items(steps) if one.is_open]
    assert store(steps).choose(steps.export().uid, item.id, choice, "ana")


def warned(record: dict[str, object]) -> list[object]:
    warnings = record["warnings"]
    assert isinstance(warnings, list)
    return [one["params"]["count"] for one in warnings if one["code"] == "drift_found"]


def test_a_run_tells_what_people_did_once_and_makes_no_call_for_it(steps: Steps) -> None:
    steps.run()
    steps.mailchimp.reset_log()
    assert warned(steps.run()) == []
    before = steps.calls(steps.account)
    assert drift(steps) == Drift()
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    steps.mailchimp.reset_log()

    assert [warned(steps.run()), warned(steps.run())] == [[1], []]

    assert steps.calls(steps.account) == 2 * before
    (item,) = items(steps)
    assert (item.code, item.params) == ("tag_renamed", {"given": "VIP", "found": "Gold"})


def test_a_renamed_tag_is_put_back_by_the_next_run_and_nothing_else_of_it_changes(
    steps: Steps,
) -> None:
    steps.run()
    tag = steps.mailchimp.tags(steps.audience)["VIP"]
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    steps.run()
    contacts = steps.mailchimp.contacts(steps.audience)
    choose(steps, "put_back")

    assert steps.run()["status"] == "succeeded"

    assert steps.mailchimp.tags(steps.audience) == {"VIP": tag}
    now = steps.mailchimp.contacts(steps.audience)
    assert {e: c.status for e, c in now.items()} == {e: c.status for e, c in contacts.items()}
    assert all(contact.tags == {"VIP"} for contact in now.values())
    (item,) = items(steps)
    assert item.done_at is not None


@pytest.mark.parametrize("choice", ["leave", "note"])
def test_a_name_that_people_want_is_left_alone(steps: Steps, choice: Choice) -> None:
    steps.run()
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    steps.run()
    choose(steps, choice)

    assert warned(steps.run()) == []

    assert set(steps.mailchimp.tags(steps.audience)) == {"Gold"}
    assert len(items(steps)) == (choice == "note")


def test_a_tag_that_another_export_gives_too_is_not_renamed_and_both_show_it(steps: Steps) -> None:
    other = steps.beside("-b")
    steps.run()
    other.run()
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    steps.run()

    (item,) = items(steps)
    assert items(other) == [item]
    assert item.choices == ("leave", "note")
    other.run()
    store(other).choose(other.export().uid, item.id, "leave", "ana")
    assert items(steps) == []
    steps.run()
    assert set(steps.mailchimp.tags(steps.audience)) == {"Gold"}


def test_an_old_name_that_somebody_else_took_meanwhile_is_not_taken_from_them(steps: Steps) -> None:
    steps.run()
    steps.mailchimp.rename_tag(steps.audience, "VIP", "Gold")
    steps.run()
    choose(steps, "put_back")
    steps.mailchimp.create_tag(steps.audience, "vip")

    assert steps.run()["status"] == "succeeded"

    assert set(steps.mailchimp.tags(steps.audience)) == {"Gold", "vip"}
    (item,) = items(steps)
    assert item.is_open


def test_a_deleted_tag_is_told_as_done_by_the_run_that_makes_it_anew(steps: Steps) -> None:
    steps.run()
    steps.mailchimp.delete_tag(steps.audience, "VIP")

    assert warned(steps.run()) == [1]

    (item,) = items(steps)
    assert (item.code, item.params) == ("tag_deleted", {"tag": "VIP"})
    assert item.done_at is not None
    assert all(c.tags == {"VIP"} for c in steps.mailchimp.contacts(steps.audience).values())


def test_who_left_the_audience_is_counted_and_brought_back_by_no_choice(steps: Steps) -> None:
    steps.change(removal_limit_percent=100)
    steps.run()
    steps.mailchimp.unsubscribe_by_self(steps.audience, steps.email(0))
    steps.mailchimp.archive(steps.audience, steps.email(1))
    steps.run()

    assert {(one.code, one.count) for one in items(steps)} == {
        ("contacts_unsubscribed", 1),
        ("contacts_archived", 1),
    }
    assert all(one.choices == ("leave", "note") for one in items(steps))
    for one in items(steps):
        store(steps).choose(steps.export().uid, one.id, "leave", "ana")
    before = steps.mailchimp.contacts(steps.audience)
    assert warned(steps.run()) == []
    assert items(steps) == []
    assert steps.mailchimp.contacts(steps.audience) == before


def test_what_this_product_does_to_leavers_is_no_drift(steps: Steps) -> None:
    steps.change(removal_limit_percent=100, leavers="archive")
    steps.run()
    steps.write({"VIP": [0]})
    steps.run()
    steps.write({"VIP": range(3)})
    steps.run()
    steps.run()

    assert drift(steps) == Drift()
