"""One person is erased, and nothing in the app names them any more, now or later."""

from local.stack import Stack
from tests.support.erasing import erase, removed
from tests.support.place import Place, email, people, person, until
from tests.support.traces import traces_of


def customer(number: int) -> str:
    """A person's CustomerId."""
    return str(person(number)["CustomerId"])


def test_who_is_erased_leaves_no_trace_does_not_come_back_and_others_stay_as_they_were(
    stack: Stack, place: Place, n: int
) -> None:
    place.write({"Readers": people(range(n, n + 30))})
    place.save(["Readers"])
    run = place.run()
    assert place.codes(run)[email(n + 3)] == "created"
    assert traces_of(stack, email(n + 3), customer(n + 3))

    answer = erase(stack, email=f"  {email(n + 3).upper()} ")

    assert traces_of(stack, email(n + 3), customer(n + 3)) == {}
    ledger = f"ledgers/{place.name}/{place.audience}"
    memory = f"memory/{place.audience}"
    assert removed(answer) == {f"outcomes/{run['id']}": 1, ledger: 1, memory: 1}
    assert (answer["status"], answer["errors"]) == ("done", [])
    assert answer["progress"]["done"] == answer["progress"]["total"] > 0
    assert email(n + 3) not in place.codes(run)
    assert len(place.outcomes(run, "created")) == 29

    place.write({"Readers": people(range(n, n + 30))})
    place.forget_calls()
    for full in (False, True):
        again = place.run(full=full)
        assert (again["status"], again["counts"]["contacts"]) == ("succeeded", 29)
        (row,) = place.outcomes(again, "skipped_erased")
        assert (row["email"], row["customer_id"], row["segments"]) == ("", "", "Readers")
        if not full:
            assert again["outcomes"] == {"unchanged": 29, "skipped_erased": 1}
            assert not place.writes()
    assert traces_of(stack, email(n + 3), customer(n + 3)) == {}
    assert email(n + 3) in place.contacts()


def test_a_customer_id_brings_the_addresses_that_are_known_for_it(
    stack: Stack, place: Place, n: int
) -> None:
    place.write({"Readers": people(range(n, n + 3))})
    place.save(["Readers"])
    place.run()
    place.write(
        {"Readers": [person(n + 0, Email=f"new{n}@contoso.com"), *people(range(n + 1, n + 3))]}
    )
    place.run(allow_removals=True)

    answer = erase(stack, customer_id=customer(n + 0))

    assert removed(answer)[f"ledgers/{place.name}/{place.audience}"] == 1
    assert traces_of(stack, customer(n + 0), email(n + 0), f"new{n}@contoso.com") == {}
    place.write(
        {
            "Readers": [
                person(n + 9, Email=f"New{n}@contoso.com"),
                person(n + 0, Email=f"x{n}@contoso.com"),
            ]
        }
    )
    run = place.run(allow_removals=True)
    assert run["outcomes"]["skipped_erased"] == 2


def test_profiles_that_share_the_address_keep_their_own(stack: Stack, place: Place, n: int) -> None:
    place.write({"Readers": [person(n + 0), person(n + 1, Email=email(n + 0)), person(n + 2)]})
    place.save(["Readers"])
    place.run()
    erase(stack, email=email(n + 0))
    place.write({"Readers": [person(n + 0), person(n + 1), person(n + 2)]})
    run = place.run()
    assert place.contacts()[email(n + 1)].status == "subscribed"
    assert run["outcomes"] == {"created": 1, "unchanged": 1, "skipped_erased": 1}


def test_who_unsubscribed_is_not_listed_again_as_protected(
    stack: Stack, place: Place, n: int
) -> None:
    place.put({"email": email(n + 0)}, {"email": email(n + 1)})
    place.mailchimp.unsubscribe_by_self(place.audience, [email(n + 0), email(n + 1)])
    place.write({"Readers": people(range(n, n + 3))})
    place.save(["Readers"])
    assert place.codes(place.run())[email(n + 0)] == "skipped_unsubscribed"

    answer = erase(stack, customer_id=customer(n + 0))

    assert removed(answer)[f"protected/{place.audience}"] == 1
    assert traces_of(stack, email(n + 0), customer(n + 0)) == {}
    run = place.run()
    assert traces_of(stack, email(n + 0), customer(n + 0)) == {}
    assert run["outcomes"] == {"skipped_unsubscribed": 1, "unchanged": 1, "skipped_erased": 1}


def test_a_profile_without_an_address_is_nameless_too(stack: Stack, place: Place, n: int) -> None:
    place.write(
        {"Readers": [person(n + 0, Email=""), person(n + 1, Email="nobody"), person(n + 2)]}
    )
    place.save(["Readers"])
    place.run()
    erase(stack, customer_id=customer(n + 0))
    erase(stack, customer_id=customer(n + 1))
    run = place.run()
    assert traces_of(stack, customer(n + 0), customer(n + 1)) == {}
    assert run["outcomes"]["skipped_no_email"] == run["outcomes"]["skipped_invalid_email"] == 1


def test_the_samples_of_a_preview_are_dropped(stack: Stack, place: Place, n: int) -> None:
    place.write({"Readers": people(range(n, n + 3))})
    place.save(["Readers"])
    run = place.run(preview=True)
    answer = erase(stack, customer_id=customer(n + 1))
    assert removed(answer) == {f"previews/{run['id']}": 1}
    assert traces_of(stack, customer(n + 1)) == {}
    assert len(stack.ask("GET", f"runs/{run['id']}")["plan"]["samples"]["to_upsert"]) == 2


def test_mailchimp_forgets_in_every_audience_when_asked(stack: Stack, place: Place, n: int) -> None:
    other = place.mailchimp.add_list(place.account, "Others")
    place.write({"Readers": people(range(n, n + 3))})
    place.save(["Readers"])
    place.save(["Readers"], export="-b", audience_id=other)
    place.run()
    place.run(export="-b")

    answer = erase(stack, email=email(n + 1), delete_in_mailchimp=True)

    deleted = {f"mailchimp/{place.audience}", f"mailchimp/{other}"}
    assert deleted <= removed(answer).keys()
    assert email(n + 1) not in place.contacts()
    assert email(n + 1) not in place.mailchimp.contacts(other)
    assert place.run()["outcomes"] == {"unchanged": 2, "skipped_erased": 1}
    again = erase(stack, email=email(n + 1), delete_in_mailchimp=True)
    assert again["id"] == answer["id"]
    assert removed(again) == removed(answer)
    never = erase(stack, email=email(n + 5), delete_in_mailchimp=True)
    nowhere = {"where": f"mailchimp/{other}", "count": 0, "code": "not_found"}
    assert removed(never) == {}
    assert nowhere in never["removed"]


def test_a_deletion_that_fails_is_told_and_can_be_asked_for_again(
    stack: Stack, place: Place, n: int
) -> None:
    place.write({"Readers": people(range(n, n + 3))})
    place.save(["Readers"])
    place.run()
    place.mailchimp.revoke_key(place.account.api_key)
    answer = erase(stack, email=email(n + 1), delete_in_mailchimp=True)
    where = f"mailchimp/{place.account.account_id}/{place.audience}"
    assert {"where": where, "code": "mailchimp_unauthorized"} in answer["errors"]
    assert answer["status"] == "incomplete"
    # What leads to the person is kept until all is done, and nowhere else.
    kept = traces_of(stack, email(n + 1), customer(n + 1))
    assert set(kept) == {f"erasures/open/{answer['id']}.json"}

    key = place.mailchimp.add_key(place.account)
    stack.ask("PUT", f"connections/{place.name}/token", {"api_key": key})
    again = erase(stack, email=email(n + 1), delete_in_mailchimp=True)

    assert (again["id"], again["status"]) == (answer["id"], "done")
    assert removed(again)[f"mailchimp/{place.audience}"] == 1
    assert email(n + 1) not in place.contacts()
    assert traces_of(stack, email(n + 1), customer(n + 1)) == {}


def test_who_is_erased_while_a_lane_holds_them_is_not_sent(
    stack: Stack, place: Place, n: int
) -> None:
    # Every lane has read its chunk and gets no call through until the person is erased.
    place.mailchimp.fail_next(f"POST /lists/{place.audience}$", "429", times=None)
    place.write({"Readers": people(range(n, n + 3_000))})
    place.save(["Readers"])
    run = place.start()
    until(lambda: place.writes()[("POST list", 500)] >= 6, what="calls of all lanes")

    answer = erase(stack, email=email(n + 7))

    assert removed(answer)[f"plans/{run['id']}"] == 1
    assert traces_of(stack, email(n + 7)) == {}
    place.mailchimp.clear_faults()
    assert place.ended(run)["outcomes"] == {"created": 2_999, "skipped_erased": 1}
    assert email(n + 7) not in place.contacts()
    assert traces_of(stack, email(n + 7), customer(n + 7)) == {}
    assert place.run()["outcomes"] == {"unchanged": 2_999, "skipped_erased": 1}


def test_who_is_erased_after_they_were_sent_is_not_remembered_by_the_run(
    stack: Stack, place: Place, n: int
) -> None:
    place.mailchimp.set(bulk_seconds=1)
    place.write({"Readers": people(range(n, n + 12_000))})
    place.save(["Readers"])
    run = place.start()
    sent = until(place.contacts, what="the first batch")
    who = next(number for number in range(n, n + 12_000) if email(number) in sent)

    answer = erase(stack, email=email(who))

    assert removed(answer)[f"plans/{run['id']}"] == 1
    assert traces_of(stack, email(who)) == {}
    ended = place.ended(run)
    # A call that takes too long on a busy machine is repeated, and its contacts are `updated`.
    assert ended["outcomes"]["skipped_erased"] == 1
    assert ended["counts"]["created"] + ended["counts"]["updated"] == 11_999
    assert traces_of(stack, email(who), customer(who)) == {}
    assert email(who) in place.contacts()


def test_several_during_a_run_disturb_nobody_else(stack: Stack, place: Place, n: int) -> None:
    place.write({"Readers": people(range(n, n + 300))})
    place.save(["Readers"])
    place.run()
    run = place.start(full=True)
    for who in range(n, n + 5):
        erase(stack, email=email(who))
    ended = place.ended(run)
    assert ended["outcomes"].get("updated", 0) >= 295, str(ended["error"])
    assert traces_of(stack, *map(email, range(n, n + 5))) == {}
    assert place.run()["outcomes"] == {"unchanged": 295, "skipped_erased": 5}


def test_refusals_of_mailchimp_do_not_keep_the_address(stack: Stack, place: Place, n: int) -> None:
    rows = [*people(range(n, n + 3)), person(n + 9, Email="fake@example.com")]
    place.put({"email": email(n + 1)})
    place.mailchimp.forget(place.audience, email(n + 1))
    place.write({"Readers": rows})
    place.save(["Readers"])
    run = place.run()
    (row,) = place.outcomes(run, "rejected_forgotten")
    assert row["email"] == email(n + 1)
    assert "{address}" not in row["detail"]
    erase(stack, email=email(n + 1))
    assert traces_of(stack, email(n + 1), customer(n + 1)) == {}
    assert place.run()["outcomes"].get("skipped_erased") == 1
