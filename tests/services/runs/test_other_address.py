"""Who unsubscribed is a person: nobody subscribes her under another address."""

from tests.support.steps import Steps

HEADER = "CustomerId,Email,FirstName\n"


def write(steps: Steps, day: int, *rows: tuple[str, int], name: str = "Ana") -> None:
    """Write a snapshot of a day: CustomerIds and the numbers of their addresses."""
    lines = (f"{steps.name}-{id_},{steps.email(number)},{name}\n" for id_, number in rows)
    steps.put(f"VIP/2026/11/{day}/0600/VIP_1.csv", HEADER + "".join(lines))


def test_who_unsubscribed_is_not_created_under_a_new_address_however_late(steps: Steps) -> None:
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    steps.change(removal_limit_percent=100)
    write(steps, 20, ("c1", 1), ("c2", 2))
    assert steps.run()["counts"]["created"] == 2
    steps.mailchimp.unsubscribe_by_self(steps.audience, [steps.email(1)])

    # Her old address leaves with the snapshot that has the new one, or long before it.
    write(steps, 21, ("c1", 11), ("c2", 2))
    first = steps.run()
    write(steps, 22, ("c2", 2))
    between = steps.run()
    write(steps, 23, ("c1", 12), ("c2", 2))
    later = steps.run()

    assert first["outcomes"]["skipped_unsubscribed"] == 1
    assert later["outcomes"] == {"skipped_unsubscribed": 1, "unchanged": 1}
    assert between["outcomes"] == {"unchanged": 1}
    contacts = steps.mailchimp.contacts(steps.audience)
    assert {steps.email(n): n in (1, 2) for n in (1, 2, 11, 12)} == {
        steps.email(n): steps.email(n) in contacts for n in (1, 2, 11, 12)
    }
    assert contacts[steps.email(1)].status == "unsubscribed"


def test_another_person_is_created_all_the_same(steps: Steps) -> None:
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    write(steps, 20, ("c1", 1), ("c2", 2))
    steps.run()
    steps.mailchimp.unsubscribe_by_self(steps.audience, [steps.email(1)])
    write(steps, 21, ("c1", 1), ("c2", 2), ("c3", 3))

    assert steps.run()["outcomes"] == {"created": 1, "skipped_unsubscribed": 1, "unchanged": 1}


def test_who_unsubscribed_under_one_export_s_address_is_not_created_by_another(
    steps: Steps,
) -> None:
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    other = steps.beside("-club", segments=["Club"])
    write(steps, 20, ("c1", 1), ("c2", 2))
    steps.run()
    steps.mailchimp.unsubscribe_by_self(steps.audience, [steps.email(1)])
    steps.run()
    lines = f"{steps.name}-c1,{steps.email(11)},Ana\n{steps.name}-c2,{steps.email(2)},Ana\n"
    steps.put("Club/2026/11/20/0600/Club_1.csv", HEADER + lines)

    run = other.run()

    assert run["outcomes"] == {"skipped_unsubscribed": 1, "updated": 1}
    assert steps.email(11) not in steps.contacts()
    # Back under the old address by a form: the run to which Mailchimp says so tells all of them.
    steps.mailchimp.resubscribe_by_form(steps.audience, steps.email(1))
    write(steps, 21, ("c1", 1), ("c2", 2), name="Anna")
    steps.run()
    assert other.run()["outcomes"] == {"created": 1, "unchanged": 1}


def test_who_has_another_address_in_an_export_is_archived_at_most_and_who_has_none_untagged(
    steps: Steps,
) -> None:
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    steps.change(removal_limit_percent=100, leavers="unsubscribe")
    other = steps.beside("-club", segments=["Club"])
    stay = [(f"c{n}", n) for n in range(20, 110)]
    write(steps, 20, ("c1", 1), ("c2", 2), ("c3", 3), *stay)
    steps.run()
    # One has another address in the other export, one none that is valid, and one is gone.
    steps.put("Club/2026/11/21/0600/Club_1.csv", f"{HEADER}{steps.name}-c1,{steps.email(11)},Ana\n")
    rest = (f"{steps.name}-{id_},{steps.email(number)},Ana\n" for id_, number in stay)
    nonsense = f"{steps.name}-c2,nonsense,Ana\n"
    steps.put("VIP/2026/11/21/0600/VIP_1.csv", "".join([HEADER, nonsense, *rest]))
    other.run()

    run = steps.run()

    assert run["outcomes"] == {
        "archived": 1,
        "unsubscribed": 1,
        "untagged": 1,
        "unchanged": 90,
        "skipped_invalid_email": 1,
    }
    contacts = steps.mailchimp.contacts(steps.audience)
    statuses = [contacts[steps.email(n)].status for n in (1, 2, 3, 20, 11)]
    assert statuses == ["archived", "subscribed", "unsubscribed", "subscribed", "subscribed"]
    # Without her profile she has left, too.
    write(steps, 22, *stay)
    steps.run()
    assert steps.mailchimp.contacts(steps.audience)[steps.email(2)].status == "unsubscribed"


def test_who_changed_the_address_everywhere_keeps_one_contact_and_her_word(steps: Steps) -> None:
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    steps.change(removal_limit_percent=100, leavers="archive")
    stay = [(f"c{n}", n) for n in range(20, 60)]
    write(steps, 20, ("c1", 1), ("c2", 2), *stay)
    steps.run()
    old, new = (steps.email(1), steps.email(2)), (steps.email(11), steps.email(12))
    for before, after in zip(old, new, strict=True):
        steps.mailchimp.change_email(steps.audience, before, after)
    steps.mailchimp.unsubscribe_by_self(steps.audience, new[1])
    write(steps, 21, ("c1", 11), ("c2", 12), *stay)

    run = steps.run()

    assert run["outcomes"] == {"updated": 1, "unchanged": 42, "skipped_unsubscribed": 1}
    contacts = steps.mailchimp.contacts(steps.audience)
    assert not contacts.keys() & set(old)
    assert [contacts[email].status for email in new] == ["subscribed", "unsubscribed"]
    # Back under the old address of Customer Insights: nobody is created a second time.
    write(steps, 22, ("c1", 11), ("c2", 2), *stay)
    assert steps.run()["outcomes"] == {"unchanged": 41, "skipped_unsubscribed": 1}
    assert steps.email(2) not in steps.contacts()
