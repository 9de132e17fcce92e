"""What a verification tells of changes by hand, and what becomes of it by what people choose."""

from shared.drift.items import Choice, Item
from shared.drift.store import DriftStore
from tests.support.proving import named, verified
from tests.support.steps import Steps


def store(steps: Steps) -> DriftStore:
    return DriftStore(steps.app.blobs, steps.account.account_id, steps.audience)


def items(steps: Steps) -> dict[str, Item]:
    return {item.code: item for item in store(steps).load().of_export(steps.export().uid)}


def choose(steps: Steps, code: str, choice: Choice) -> None:
    assert store(steps).choose(steps.export().uid, items(steps)[code].id, choice, "ana")


def test_what_is_put_back_comes_back_and_what_is_left_stays_and_nobody_s_status_changes(
    steps: Steps,
) -> None:
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    people.remove_tag(audience, [mail(1), mail(2), mail(3)], "VIP")
    people.set_value(audience, [mail(2), mail(4)], "FNAME", "Somebody")
    people.unsubscribe_by_self(audience, [mail(3)])
    people.forget(audience, mail(9))
    verified(steps)

    told = {code: (item.count, item.choices[0]) for code, item in items(steps).items()}
    assert told == {
        "tags_taken": (2, "put_back"),
        "values_edited": (2, "put_back"),
        "contacts_unsubscribed": (1, "leave"),
        "contacts_deleted": (1, "leave"),
    }
    choose(steps, "tags_taken", "put_back")
    choose(steps, "values_edited", "leave")
    before = people.contacts(audience)

    steps.run()

    after = people.contacts(audience)
    assert {e: c.status for e, c in after.items()} == {e: c.status for e, c in before.items()}
    changed = {email for email in after if after[email] != before[email]}
    assert changed == {mail(1), mail(2)}
    assert after[mail(2)].merge_fields["FNAME"] == "Somebody"
    assert items(steps)["tags_taken"].done_at is not None
    assert "values_edited" not in items(steps)
    # What people want isn't repairable any more, and is told no second time.
    assert ("by_hand", "value", None, False) in named(steps)[mail(4)]
    assert "values_edited" not in items(steps)


def test_after_a_run_in_between_it_waits_for_the_next_verification(steps: Steps) -> None:
    steps.mailchimp.remove_tag(steps.audience, [steps.email(1)], "VIP")
    verified(steps)
    steps.run()
    choose(steps, "tags_taken", "put_back")

    steps.run()

    assert "VIP" not in steps.mailchimp.contacts(steps.audience)[steps.email(1)].tags
    assert items(steps)["tags_taken"].is_open
    verified(steps)
    steps.run()
    assert "VIP" in steps.mailchimp.contacts(steps.audience)[steps.email(1)].tags
    assert not items(steps)["tags_taken"].is_open
