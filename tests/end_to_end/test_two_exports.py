"""Two exports on one audience: what one gives the other does not take."""

import pytest

from tests.support.place import Place, email, emails, people, until

OTHER = "-other"


def test_a_leaver_of_one_export_keeps_what_the_other_gives(place: Place) -> None:
    place.write({"One": people(range(10)), "Own": people(range(10)), "Two": people(range(5, 15))})
    place.save([{"name": "One", "tag": "Shared"}, {"name": "Own", "tag": "Own"}])
    place.save([{"name": "Two", "tag": "Shared"}], export=OTHER)
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(3)), "Own": people(range(3)), "Two": people(range(5, 15))})

    run = place.run()

    tags = place.tags_of()
    assert all(tags[email(number)] == {"Shared", "Own"} for number in range(3))
    assert all(tags[email(number)] == set() for number in range(3, 5))
    assert all(tags[email(number)] == {"Shared"} for number in range(5, 15))
    assert {row["email"] for row in place.outcomes(run, "untagged")} == emails(range(3, 10))
    place.forget_calls()
    place.run()
    place.run(export=OTHER)
    assert not place.writes()


def test_the_last_export_to_give_a_tag_takes_it(place: Place) -> None:
    place.write({"One": people(range(4)), "Two": people(range(4))})
    place.save([{"name": "One", "tag": "Shared"}])
    place.save([{"name": "Two", "tag": "Shared"}], export=OTHER)
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(1, 4)), "Two": people(range(1, 4))})

    place.run()
    assert place.tags_of()[email(0)] == {"Shared"}
    place.run(export=OTHER)

    assert place.tags_of()[email(0)] == set()
    assert place.tags_of()[email(1)] == {"Shared"}


def test_exports_that_spell_their_tag_differently_share_it_in_peace(place: Place) -> None:
    place.write({"One": people(range(4)), "Two": people(range(2, 6))})
    place.save([{"name": "One", "tag": "Shared"}])
    place.save([{"name": "Two", "tag": "SHARED"}], export=OTHER)
    place.run()
    made = place.mailchimp.tags(place.audience)
    place.run(export=OTHER)
    place.forget_calls()

    place.run()
    place.run(export=OTHER)

    assert not place.writes()
    assert place.mailchimp.tags(place.audience) == made
    assert list(made) == ["Shared"]
    assert place.tags_of() == {email(number): {"Shared"} for number in range(6)}


def test_an_export_that_names_its_tag_anew_leaves_the_old_one_to_the_other(place: Place) -> None:
    place.write({"One": people(range(4)), "Two": people(range(2, 6))})
    place.save([{"name": "One", "tag": "Shared"}])
    place.save([{"name": "Two", "tag": "Shared"}], export=OTHER)
    place.run()
    place.run(export=OTHER)
    shared = place.mailchimp.tags(place.audience)["Shared"]
    place.save([{"name": "One", "tag": "Own"}])

    preview = place.run(preview=True)
    run = place.run()

    assert preview["plan"]["counts"]["to_tag"] == run["counts"]["tagged"] == 4
    assert place.mailchimp.tags(place.audience)["Shared"] == shared
    one, both, two = {"Own"}, {"Own", "Shared"}, {"Shared"}
    expected = dict(zip(map(email, range(6)), (one, one, both, both, two, two), strict=True))
    assert place.tags_of() == expected
    place.forget_calls()
    place.run(export=OTHER)
    place.run()
    assert not place.writes()
    assert place.tags_of() == expected


def test_nobody_is_archived_whom_another_export_holds(place: Place) -> None:
    place.write({"One": people(range(6)), "Two": people(range(3))})
    place.save(["One"], leavers="archive")
    place.save(["Two"], export=OTHER, leavers="archive")
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(5, 6)), "Two": people(range(3))})
    # It has to tell first that it still holds them.
    place.run(export=OTHER)

    run = place.run()

    archived = emails(range(3, 5))
    statuses = place.statuses()
    assert {address for address, status in statuses.items() if status == "archived"} == archived
    assert all(place.tags_of()[email(number)] == {"Two"} for number in range(3))
    assert {row["email"] for row in place.outcomes(run, "archived")} == archived
    assert {row["email"] for row in place.outcomes(run, "untagged")} == emails(range(3))


def test_nobody_is_archived_whom_another_export_is_sending(place: Place) -> None:
    place.write({"One": people(range(4)), "Two": people(range(10, 12))})
    place.save(["One"], leavers="archive")
    place.save(["Two"], export=OTHER)
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(1, 4)), "Two": people([0, 10, 11])})
    place.mailchimp.set(bulk_seconds=2.0)
    place.forget_calls()

    sending = place.start(export=OTHER)
    until(lambda: any(call.members for call in place.calls()), what="the other export's batch")
    first = place.run()
    place.ended(sending)
    place.mailchimp.set(bulk_seconds=None)
    second = place.run()

    contact = place.contacts()[email(0)]
    assert (contact.status, set(contact.tags)) == ("subscribed", {"Two"})
    assert {first["status"], second["status"]} == {"succeeded"}


@pytest.mark.parametrize(
    ("policy", "status"), [("unsubscribe", "unsubscribed"), ("archive", "archived")]
)
def test_who_moves_from_one_export_s_segment_to_the_other_s_is_not_taken_for_a_leaver(
    place: Place, policy: str, status: str
) -> None:
    place.write({"Prospects": people(range(4)), "Customers": people(range(4, 6))})
    place.save(["Prospects"], leavers=policy)
    place.save(["Customers"], export=OTHER, leavers=policy)
    place.run()
    place.run(export=OTHER)
    # One buys, and one is neither any more.
    place.write({"Prospects": people(range(2, 4)), "Customers": people([0, 4, 5])})

    first = place.run()
    assert (first["due"], place.statuses()[email(0)]) == (2, "subscribed")
    place.run(export=OTHER)
    last = place.run()

    assert last["due"] == 0
    assert place.statuses() == {
        email(number): status if number == 1 else "subscribed" for number in range(6)
    }
    assert place.tags_of()[email(0)] == {"Customers"}


def test_the_end_of_the_other_export_s_run_starts_one_of_who_waited_for_it(place: Place) -> None:
    never = {"active": True, "kind": "cron", "cron": ["0 0 1 1 *"]}
    place.write({"One": people(range(4)), "Two": people(range(4, 6))})
    place.save(["One"], leavers="archive", schedule=never)
    place.save(["Two"], export=OTHER)
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(1, 4)), "Two": people(range(4, 6))})
    assert place.run()["due"] == 1
    runs = len(place.runs())

    place.run(export=OTHER)

    until(lambda: place.statuses()[email(0)] == "archived", what="the leaver's end")
    until(lambda: len(place.runs()) == runs + 1, what="one run more")


def test_a_leaver_who_was_due_is_archived_by_the_next_run(place: Place) -> None:
    place.write({"One": people(range(4)), "Two": people(range(10, 12))})
    place.save(["One"], leavers="archive")
    place.save(["Two"], export=OTHER)
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(1, 4)), "Two": people([10, 11, 12])})
    place.mailchimp.set(bulk_seconds=3.0)
    place.forget_calls()

    sending = place.start(export=OTHER)
    until(lambda: any(call.members for call in place.calls()), what="the other export's batch")
    place.run()
    place.ended(sending)
    place.mailchimp.set(bulk_seconds=None)
    place.run()

    contact = place.contacts()[email(0)]
    assert (contact.status, set(contact.tags)) == ("archived", set())
    assert place.statuses()[email(12)] == "subscribed"


def test_an_export_is_told_that_another_fills_its_merge_field(place: Place) -> None:
    place.write({"One": people(range(3), Nick="Nick"), "Two": people(range(3), Nick="Nick")})
    place.save(["One"])

    stored = place.save(["Two"], export=OTHER, merge_fields={"FNAME": "Nick"})
    run = place.run(export=OTHER)

    for warnings in (stored["warnings"], run["warnings"]):
        found = [w["detail"] for w in warnings if w["code"] == "merge_field_shared"]
        assert len(found) == 1
        assert "FNAME" in found[0]
        assert place.name in found[0]


def test_leavers_who_had_to_wait_have_a_run_of_their_own_once_the_audience_is_free(
    place: Place,
) -> None:
    yearly = {"active": True, "kind": "cron", "cron": ["0 0 1 1 *"]}
    place.write({"One": people(range(4)), "Two": people(range(10, 12))})
    place.save(["One"], leavers="archive", schedule=yearly)
    place.save(["Two"], export=OTHER)
    place.run()
    place.run(export=OTHER)
    place.write({"One": people(range(1, 4)), "Two": people(range(10, 13))})
    place.mailchimp.set(bulk_seconds=8.0)
    place.forget_calls()
    sending = place.start(export=OTHER)
    until(lambda: any(call.members for call in place.calls()), what="the other export's batch")
    place.run()
    assert place.statuses()[email(0)] == "subscribed"

    place.ended(sending)
    place.mailchimp.set(bulk_seconds=None)
    place.stack.hosts[0].fire_timer("tick")

    until(lambda: len(place.runs()) == 3, what="a run that nobody has asked for")
    run = place.ended(place.runs()[0])
    assert (run["kind"], run["counts"]["archived"]) == ("scheduled", 1)
    assert place.statuses()[email(0)] == "archived"
    place.stack.hosts[0].fire_timer("tick")
    assert len(place.runs()) == 3
