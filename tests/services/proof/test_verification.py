"""An audience is changed by hand in many ways: each is found, and nobody is named wrongly."""

import pytest

from shared.exports import store
from shared.platform import queues
from shared.proof import ask, record, upkeep
from shared.proof.record import ActiveError
from shared.proof.work import work
from tests.support.erasing import erase_here
from tests.support.proving import last_run, named, verification, verified
from tests.support.steps import Steps

LOST = ("by_hand", "tag_missing", "VIP", True)


def test_an_audience_as_it_was_left_is_as_promised(steps: Steps) -> None:
    steps.mailchimp.put_contacts(steps.audience, [{"email": "somebody@contoso.com"}])
    before = steps.mailchimp.contacts(steps.audience)
    steps.mailchimp.reset_log()
    found = verified(steps)
    assert (found.as_promised, found.differing) == (30, ())
    assert found.not_compared == {"values": 0, "tags": 0}
    # Merge fields, contacts and archived ones.
    assert (found.calls, steps.calls(steps.account)) == (3, 3)
    assert (found.done, found.total, found.run) == (31, 31, last_run(steps))
    assert steps.mailchimp.contacts(steps.audience) == before


def test_each_change_by_hand_is_named_as_what_it_is(steps: Steps) -> None:
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    people.put_contacts(audience, [{"email": mail(99), "tags": ["VIP"]}, {"email": mail(98)}])
    people.remove_tag(audience, [mail(1), mail(2), mail(3)], "VIP")
    people.set_value(audience, [mail(2), mail(4)], "FNAME", "Somebody")
    people.set_value(audience, mail(5), "LNAME", "not ours")
    people.add_tag(audience, mail(6), "Theirs")
    people.unsubscribe_by_self(audience, [mail(7), mail(3)])
    people.unsubscribe_by_admin(audience, mail(8))
    people.bounce(audience, mail(9))
    people.archive(audience, [mail(10), mail(1)])
    people.forget(audience, mail(11))
    people.change_email(audience, mail(12), mail(112))
    people.set_value(audience, mail(13), "FNAME", "")

    status = ("by_hand", "status", None, False)
    missing = ("by_hand", "missing", None, False)
    value = ("by_hand", "value", None, True)
    protected = ("protected", "tag_missing", "VIP", False)
    assert named(steps) == {
        mail(1): {status, protected},
        mail(2): {LOST, value},
        mail(3): {status, protected},
        mail(4): {value},
        mail(7): {status},
        mail(8): {status},
        mail(9): {status},
        mail(10): {status},
        mail(11): {missing},
        mail(12): {missing},
        mail(13): {value},
        mail(99): {("foreign", "tag_extra", "VIP", False)},
        mail(112): {("foreign", "tag_extra", "VIP", False)},
    }
    assert verification(steps).as_promised == 30 - 11


def test_what_a_run_has_seen_of_a_status_is_as_promised(steps: Steps) -> None:
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    people.unsubscribe_by_self(audience, mail(1))
    people.bounce(audience, mail(2))
    people.archive(audience, mail(3))
    assert len(named(steps)) == 3
    steps.run()
    assert named(steps) == {}
    people.resubscribe_by_form(audience, mail(1))
    assert named(steps) == {}


def test_tags_and_fields_that_are_renamed_or_deleted(steps: Steps) -> None:
    people, audience = steps.mailchimp, steps.audience
    people.rename_tag(audience, "VIP", "Very important")
    people.rename_field(audience, "FNAME", "FIRST")
    assert named(steps) == {}
    people.delete_tag(audience, "Very important")
    people.delete_field(audience, "FIRST")
    gone = {LOST, ("by_hand", "value", "FNAME", False)}
    assert named(steps) == {steps.email(n): gone for n in range(30)}


def test_another_export_s_contacts_and_what_it_shares_are_not_named(steps: Steps) -> None:
    steps.write({"VIP": range(30), "Club": [1, 2, 40]}, LastName="Kos")
    club = steps.beside("-club", segments=[{"name": "Club", "tag": "VIP", "adopt": True}])
    club.run()
    assert named(club) == {}
    assert named(steps) == {}
    found = verification(steps)
    assert found.not_compared["values"] == 2
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    people.set_value(audience, [mail(1), mail(3)], "FNAME", "Somebody")
    assert set(named(steps)) == {mail(3)}


def test_leavers_are_named_only_for_what_they_still_should_have(steps: Steps) -> None:
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    steps.change(leavers="keep")
    steps.write({"VIP": range(2, 30)})
    steps.run()
    assert named(steps) == {}
    people.remove_tag(audience, mail(0), "VIP")
    assert named(steps) == {mail(0): {("by_hand", "tag_missing", "VIP", False)}}
    steps.change(leavers="archive")
    steps.run()
    assert named(steps) == {}


def verification_waits_for(steps: Steps) -> str | None:
    ask.begin(steps.app, steps.export(), "test")
    assert work(steps.app, steps.export().uid) == pytest.approx(5)
    return verification(steps).waiting


def test_it_waits_while_a_run_works_on_the_audience_and_goes_on_by_the_tick(steps: Steps) -> None:
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.reset_log()
    assert verification_waits_for(steps) == "audience"
    assert verification(steps).status == "waiting"
    assert steps.calls(steps.account) == 0
    with pytest.raises(ActiveError):
        ask.begin(steps.app, steps.export(), "test")
    steps.lane()
    steps.finish(run)
    assert work(steps.app, steps.export().uid) is None
    found = verification(steps)
    assert (found.status, found.waiting, found.run) == ("succeeded", None, run)


def test_a_run_that_came_between_makes_it_begin_anew(steps: Steps) -> None:
    uid = steps.export().uid
    ask.begin(steps.app, steps.export(), "test")
    assert work(steps.app, uid, seconds=-1) is not None
    assert verification(steps).run == last_run(steps)
    steps.write({"VIP": range(31)})
    run = steps.run()["id"]
    assert work(steps.app, uid) is None
    found = verification(steps)
    assert (found.run, found.as_promised, found.differing) == (run, 31, ())


def test_it_goes_on_where_it_stopped_with_small_pages_and_lost_calls(steps: Steps) -> None:
    steps.mailchimp.fail_next("GET .*/members$", "504_html", times=2)
    uid = steps.export().uid
    ask.begin(steps.app, steps.export(), "test")
    waits = 0
    while work(steps.app, uid) is not None:
        waits += 1
        assert waits < 10
    assert verification(steps).as_promised == 30


def test_once_it_is_stopped_no_call_is_made_and_nothing_is_left(steps: Steps) -> None:
    uid = steps.export().uid
    begun = ask.begin(steps.app, steps.export(), "test")
    work(steps.app, uid, seconds=-1)
    stopped = ask.stop(steps.app, steps.export())
    assert stopped is not None
    steps.mailchimp.reset_log()
    assert work(steps.app, uid) is None
    assert (verification(steps).status, steps.calls(steps.account)) == ("stopped", 0)
    assert verified(steps).id != begun.id
    assert list(steps.app.blobs.list(begun.folder)) == []


def test_who_is_erased_is_in_no_row_and_comes_into_none(steps: Steps) -> None:
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    people.put_contacts(audience, [{"email": mail(99), "tags": ["VIP"]}])
    people.remove_tag(audience, [mail(1), mail(2)], "VIP")
    assert set(named(steps)) == {mail(1), mail(2), mail(99)}
    for number in (1, 99):
        erase_here(steps.app, email=mail(number))
    found = verification(steps)
    names = [blob.name for blob in steps.app.blobs.list(found.folder)]
    texts = [steps.app.blobs.read(name).decode() for name in names]
    assert any(mail(2) in text for text in texts)
    assert not any(mail(n) in text for text in texts for n in (1, 99))
    assert set(named(steps)) == {mail(2)}


def test_the_tick_goes_on_with_what_waits_and_drops_what_is_over(steps: Steps) -> None:
    blobs, uid = steps.app.blobs, steps.export().uid

    def resumed() -> int:
        upkeep.resume(steps.app)
        return steps.messages(queues.UPKEEP, uid)

    begun = ask.begin(steps.app, steps.export(), "test")
    assert steps.messages(queues.UPKEEP, uid) == 1
    assert resumed() == 1
    with steps.app.leases.held(record.lock_name(uid)):
        assert resumed() == 0
    assert work(steps.app, uid) is None
    assert resumed() == 0
    assert uid not in list(record.all_open(blobs))
    upkeep.drop_old(steps.app)
    assert verification(steps).id == begun.id

    export = steps.export()
    store.delete_export(blobs, export.name, None)
    upkeep.drop_old(steps.app)
    assert record.read(blobs, uid) is None
    assert list(blobs.list(f"{record.FOLDER}{uid}/")) == []
