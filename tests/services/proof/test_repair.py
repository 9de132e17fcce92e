"""A run that repairs sets right what a verification found, and changes nobody's status."""

import pytest

from shared.proof import ask, repairs
from shared.runs.record import RunRequest
from shared.runs.start import start_run
from tests.support.proving import named, verified
from tests.support.steps import Steps


def started(steps: Steps) -> str:
    """Begin a run that repairs."""
    export = steps.export()
    by = repairs.of_export(steps.app.blobs, export)
    return start_run(steps.app, export, RunRequest(requested_by="test", repairs=by)).id


def repaired(steps: Steps) -> dict[str, int]:
    """Repair; the outcomes."""
    run = started(steps)
    steps.plan(run)
    steps.lane()
    steps.finish(run)
    outcomes: dict[str, int] = steps.record(run)["outcomes"]
    return outcomes


def test_it_leaves_nothing_repairable_and_changes_no_presence_and_no_status(steps: Steps) -> None:
    people, audience, mail = steps.mailchimp, steps.audience, steps.email
    people.put_contacts(audience, [{"email": mail(99), "tags": ["VIP"]}])
    people.remove_tag(audience, [mail(1), mail(2), mail(3)], "VIP")
    people.set_value(audience, [mail(2), mail(4), mail(5)], "FNAME", "Somebody")
    people.set_value(audience, mail(6), "LNAME", "not ours")
    people.add_tag(audience, mail(7), "Theirs")
    people.unsubscribe_by_self(audience, [mail(3), mail(8)])
    people.archive(audience, mail(5))
    people.forget(audience, mail(9))
    assert {row for some in named(steps).values() for row in some if row[3]}
    before = people.contacts(audience)
    people.reset_log()

    outcomes = repaired(steps)

    after = people.contacts(audience)
    assert {e: c.status for e, c in after.items()} == {e: c.status for e, c in before.items()}
    changed = {email for email in after if after[email] != before[email]}
    assert changed == {mail(1), mail(2), mail(4)}
    assert all(after[mail(n)].tags >= {"VIP"} for n in (1, 2))
    assert after[mail(2)].merge_fields["FNAME"] == "P2"
    assert after[mail(6)].merge_fields["LNAME"] == "not ours"
    assert (outcomes["updated"], outcomes["tagged"]) == (2, 1)
    assert not {row for some in named(steps).values() for row in some if row[3]}


def test_an_ordinary_run_leaves_people_s_changes_and_costs_what_it_did(steps: Steps) -> None:
    def calls_of_a_run() -> int:
        steps.mailchimp.reset_log()
        assert steps.run()["outcomes"] == {"unchanged": 30}
        return steps.calls(steps.account)

    before = calls_of_a_run()
    steps.mailchimp.remove_tag(steps.audience, steps.email(1), "VIP")
    verified(steps)
    # One look more at what has changed since the last run.
    assert calls_of_a_run() == before
    assert "VIP" not in steps.mailchimp.contacts(steps.audience)[steps.email(1)].tags


def test_it_needs_a_verification_of_what_the_export_holds_now(steps: Steps) -> None:
    with pytest.raises(repairs.MissingError):
        started(steps)
    verified(steps)
    steps.run()
    with pytest.raises(repairs.OutdatedError):
        started(steps)
    verified(steps)
    run = started(steps)
    ask.begin(steps.app, steps.export(), "test")
    steps.plan(run)
    assert steps.record(run)["error"]["code"] == "verification_outdated"
    with pytest.raises(repairs.MissingError):
        started(steps)
