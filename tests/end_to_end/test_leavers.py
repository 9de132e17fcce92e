"""What happens to contacts that are in none of the export's segments any more."""

import time

import pytest

from tests.support.place import Place, email, emails, people, person


@pytest.mark.parametrize(
    ("policy", "code", "status", "tags"),
    [
        ("untag", "untagged", "subscribed", set()),
        ("keep", None, "subscribed", {"VIP"}),
        ("archive", "archived", "archived", set()),
        ("unsubscribe", "unsubscribed", "unsubscribed", set()),
    ],
)
def test_each_policy_does_what_it_says(
    place: Place, policy: str, code: str | None, status: str, tags: set[str]
) -> None:
    here_before = email(1)
    place.put({"email": here_before, "tags": ["Press"]})
    place.write({"VIP": people(range(5))})
    place.save(["VIP"], leavers=policy)
    place.run()
    place.write({"VIP": people(range(2, 5))})

    run = place.run()

    codes = place.codes(run)
    assert codes.get(email(0)) == code
    # Who was here before this export is only untagged.
    assert codes.get(here_before) == (code and "untagged")
    contacts = place.contacts()
    assert contacts[email(0)].status == status
    assert contacts[email(0)].tags == tags
    assert contacts[here_before].status == "subscribed"
    assert contacts[here_before].tags == tags | {"Press"}
    assert all(contacts[email(number)].tags == {"VIP"} for number in range(2, 5))
    assert run["status"] == "succeeded", run


def test_whom_this_export_archived_is_asked_to_come_back_with_the_next_snapshot(
    place: Place,
) -> None:
    place.mailchimp.set(unsubscribed_while_archived="shows")
    place.write({"VIP": people(range(4))})
    place.save(["VIP"], leavers="archive")
    place.run()
    place.write({"VIP": people(range(2, 4))})
    place.run()
    place.mailchimp.unsubscribe_by_self(place.audience, email(1))
    place.write({"VIP": people(range(4))})

    run = place.run()

    codes = place.codes(run)
    assert codes[email(0)] == "updated"
    assert place.outcomes(run, "updated")[0]["detail"] == "asked to confirm"
    assert codes[email(1)] == "skipped_unsubscribed"
    contact = place.contacts()[email(0)]
    assert (contact.status, set(contact.tags)) == ("pending", {"VIP"})
    assert place.statuses()[email(1)] == "unsubscribed"

    place.forget_calls()
    assert place.codes(place.run())[email(0)] == "unchanged"
    assert not place.writes()
    place.mailchimp.confirm(place.audience, email(0))
    assert place.codes(place.run())[email(0)] == "unchanged"

    place.write({"VIP": people(range(2, 4))})
    place.run()
    assert place.statuses()[email(0)] == "archived"


@pytest.mark.parametrize("in_the_segment", [False, True])
def test_who_was_archived_and_subscribed_again_themselves_is_left_to_others(
    place: Place, in_the_segment: bool
) -> None:
    gone = email(0)
    place.write({"VIP": people(range(4))})
    place.save(["VIP"], leavers="archive")
    place.run()
    place.write({"VIP": people(range(1, 4))})
    place.run()
    assert place.statuses()[gone] == "archived"

    place.put({"email": gone, "status": "subscribed"})
    if in_the_segment:
        place.write({"VIP": people(range(4))})
        place.run()
    place.write({"VIP": people(range(1, 4))})
    place.run()
    assert place.statuses()[gone] == "subscribed"

    place.mailchimp.unsubscribe_by_self(place.audience, gone)
    place.mailchimp.archive(place.audience, [gone])
    place.write({"VIP": people(range(4))})
    run = place.run()
    assert place.codes(run)[gone] == "skipped_archived"
    assert place.statuses()[gone] == "archived"


def test_whom_this_export_unsubscribed_does_not_come_back(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"], leavers="unsubscribe")
    place.run()
    place.write({"VIP": people(range(1, 3))})
    place.run()
    place.write({"VIP": people(range(3))})

    run = place.run()

    assert place.codes(run)[email(0)] == "skipped_unsubscribed"
    assert place.statuses()[email(0)] == "unsubscribed"


def test_a_profile_that_lost_its_consent_leaves(place: Place) -> None:
    rows = [person(number, Consent="true") for number in range(4)]
    rows[3]["Consent"] = "false"
    place.write({"VIP": rows})
    place.save(["VIP"], consent={"field": "Consent", "values": ["True", "1"]})
    run = place.run()
    assert place.codes(run)[email(3)] == "skipped_no_consent"
    assert set(place.contacts()) == emails(range(3))

    # A second profile with the same address refuses for both.
    rows[0]["Consent"] = ""
    rows.append(person(1, CustomerId="second", Consent="no"))
    place.write({"VIP": rows})
    run = place.run()

    tags = place.tags_of()
    assert (tags[email(0)], tags[email(1)], tags[email(2)]) == (set(), set(), {"VIP"})
    found = {
        (row["customer_id"], row["email"], row["segments"]): row["code"]
        for row in place.outcomes(run)
    }
    assert found["c0000", email(0), "VIP"] == "untagged"
    assert found["c0001", email(1), "VIP"] == "untagged"
    assert found["second", email(1), "VIP"] == "skipped_no_consent"


@pytest.mark.parametrize(
    ("withdrawn", "code", "status", "back"),
    [
        ("untag", "untagged", "subscribed", "tagged"),
        ("archive", "archived", "archived", "updated"),
        ("unsubscribe", "unsubscribed", "unsubscribed", "skipped_unsubscribed"),
    ],
)
def test_a_withdrawn_consent_is_followed_and_a_blank_is_none(
    place: Place, withdrawn: str, code: str, status: str, back: str
) -> None:
    here_before = email(2)
    place.put({"email": here_before})
    rows = [person(number, Consent="true") for number in range(5)]
    place.write({"VIP": rows})
    consent = {"field": "Consent", "values": ["true"], "withdrawn": withdrawn}
    place.save(["VIP"], consent=consent, leavers="unsubscribe")
    place.run()
    # Withdrawn; blank; withdrawn by one whom this export did not create.
    for number, answer in enumerate(("false", "", "false")):
        rows[number]["Consent"] = answer
    place.write({"VIP": rows})

    run = place.run()

    assert run["status"] == "succeeded", run
    assert place.codes(run) == {
        email(0): code,
        email(1): "untagged",
        here_before: "untagged",
        email(3): "unchanged",
        email(4): "unchanged",
    }
    details = {row["email"]: row["detail"] for row in place.outcomes(run)}
    assert details[email(0)] == details[here_before] == "consent withdrawn"
    assert details[email(1)] == "no consent"
    statuses = place.statuses()
    assert statuses.pop(email(0)) == status
    assert set(statuses.values()) == {"subscribed"}

    # Nothing more is done while the snapshots say so; consent that is given again brings back.
    assert place.codes(place.run())[email(0)] == "skipped_no_consent"
    rows[0]["Consent"] = rows[1]["Consent"] = "true"
    place.write({"VIP": rows})
    codes = place.codes(place.run())
    assert (codes[email(0)], codes[email(1)]) == (back, "tagged")


def test_another_consent_column_or_other_values_withdraw_nobody(place: Place) -> None:
    place.write({"VIP": [person(number, Consent="true", Other="no") for number in range(4)]})
    consent = {"field": "Consent", "values": ["true"], "withdrawn": "archive"}
    place.save(["VIP"], consent=consent)
    place.run()
    place.save(["VIP"], consent=consent | {"field": "Other"}, leavers="archive")

    codes = place.codes(place.run(allow_removals=True))

    assert set(codes.values()) == {"untagged"}
    assert set(place.statuses().values()) == {"subscribed"}


def test_a_missing_partition_adds_and_removes_nobody(place: Place) -> None:
    place.write({"VIP": people(range(40))})
    place.save(["VIP"])
    place.run()
    written = place.write({"VIP": people([*range(100, 105), *range(40)])}, partitions=3, model=None)
    place.stack.segment_container().delete_blob(written.partitions["VIP"][2])
    model = f"{place.folder}/model.json"
    place.stack.segment_container().delete_blob(model)
    time.sleep(1.1)  # SNAPSHOT_QUIET_SECONDS: nothing else tells that nobody writes any more

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("partial", "removals_withheld"), run
    assert place.tags_of() == {email(n): {"VIP"} for n in [*range(40), *range(100, 105)]}
    assert run["counts"]["created"] == 5
    assert run["counts"]["untagged"] == 0
    # What is not believed does not become what the next snapshot is compared with.
    again = place.run()
    assert (again["status"], again["error"]["code"]) == ("partial", "removals_withheld"), again
    assert again["counts"]["untagged"] == 0


def test_the_safety_stop_sends_additions_alone_and_the_override_goes_through(
    place: Place,
) -> None:
    place.write({"VIP": people(range(100))})
    place.save(["VIP"], leavers="archive", removal_limit_percent=20)
    place.run()
    place.write({"VIP": people([*range(30, 100), 200])})

    stopped = place.run()

    assert (stopped["status"], stopped["error"]["code"]) == ("partial", "removals_withheld")
    assert "30" in stopped["error"]["detail"]
    assert "100" in stopped["error"]["detail"]
    assert place.tags_of() == {email(n): {"VIP"} for n in [*range(100), 200]}
    withheld = [row for row in place.outcomes(stopped) if row["detail"] == "removal withheld"]
    assert {row["email"] for row in withheld} == emails(range(30))
    place.forget_calls()
    assert place.run()["error"]["code"] == "removals_withheld"
    assert not place.writes()

    run = place.run(allow_removals=True)

    assert (run["status"], run["error"]) == ("succeeded", None)
    assert run["counts"]["archived"] == 30
    statuses = place.statuses()
    assert {a for a, status in statuses.items() if status == "archived"} == emails(range(30))


def test_the_safety_stop_looks_at_each_segment(place: Place) -> None:
    place.write({"Large": people(range(300)), "Small": people(range(50))})
    place.save(["Large", "Small"], removal_limit_percent=20)
    place.run()
    place.write({"Large": people(range(300)), "Small": people(range(20))})

    run = place.run()

    assert run["error"]["code"] == "removals_withheld"
    assert place.tags_of()[email(30)] == {"Large", "Small"}


def test_a_few_leavers_of_a_small_list_are_no_reason_to_stop(place: Place) -> None:
    place.write({"VIP": people(range(48))})
    place.save(["VIP"], removal_limit_percent=20)
    place.run()
    place.write({"VIP": people(range(24))})

    run = place.run()

    assert run["status"] == "succeeded", run
    assert run["counts"]["untagged"] == 24


@pytest.mark.parametrize("others", [True, False], ids=["members elsewhere", "members nowhere"])
def test_a_segment_taken_out_of_the_export_is_left_by_its_members(
    place: Place, others: bool
) -> None:
    place.write({"One": people(range(40 if others else 5)), "Two": people(range(40))})
    place.save(["One", "Two"], removal_limit_percent=20)
    place.run()
    place.save(["One"], removal_limit_percent=20)

    stopped = place.run()
    assert stopped["error"]["code"] == "removals_withheld", stopped
    assert place.tags_of()[email(39)] >= {"Two"}

    run = place.run(allow_removals=True)
    assert run["status"] == "succeeded", run
    assert all("Two" not in tags for tags in place.tags_of().values())
    assert place.tags_of()[email(0)] == {"One"}
