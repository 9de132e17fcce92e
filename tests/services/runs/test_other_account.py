"""A connection whose secret leads to another Mailchimp account by now: nothing goes astray."""

from shared.exports import accounts, store
from shared.exports.accounts import check_account, remember_account
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.tokens import parse_token
from shared.runs.marker import active_run
from tests.support.steps import Steps


def test_a_plan_that_meets_another_account_sends_nothing_until_somebody_confirms_it(
    steps: Steps,
) -> None:
    # The first run learns whose account it is.
    run = steps.sent()
    steps.finish(run)
    old, calls = steps.account, steps.calls(steps.account)
    other = steps.mailchimp.add_account("other")
    steps.use_key(other.api_key)

    run = steps.start()
    steps.plan(run)

    assert steps.record(run)["status"] == "planning"
    connection = steps.connection()
    assert connection.account_id == old.account_id
    assert connection.awaiting is not None
    assert connection.awaiting.account_id == other.account_id
    # Others who work with the old account need not wait for this run.
    assert run not in steps.app.board.look(old.account_id, max_age=0).runs

    steps.plan(run)

    ended = steps.record(run)
    assert (ended["status"], ended["error"]["code"]) == ("skipped", "connection_not_ready")
    assert "another Mailchimp account" in ended["error"]["detail"]

    store.change_connection(steps.app.blobs, steps.name, accounts.confirmed)
    run = steps.start()
    steps.plan(run)

    ended = steps.record(run)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "audience_not_found")
    assert ended["account"] == other.account_id
    assert run not in steps.app.board.look(other.account_id, max_age=0).runs
    assert active_run(steps.app.blobs, steps.name) is None
    assert steps.calls(old) == calls


def test_another_key_of_the_same_account_changes_nothing(steps: Steps) -> None:
    run = steps.sent()
    steps.finish(run)
    steps.use_key(steps.mailchimp.rotate_key(steps.account, steps.account.api_key))

    run = steps.sent()
    steps.finish(run)

    ended = steps.record(run)
    assert (ended["status"], ended["counts"]["unchanged"]) == ("succeeded", 3)
    assert ended["warnings"] == []


def test_a_run_that_is_being_sent_stops_before_it_calls_the_other_account(steps: Steps) -> None:
    run = steps.start()
    steps.plan(run)
    other = steps.mailchimp.add_account("other")
    steps.use_key(other.api_key)
    _learn(steps, other.api_key)
    calls = steps.calls(other)

    steps.lane()
    steps.finish(run)

    ended = steps.record(run)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "connection_not_ready")
    assert ended["counts"]["failed"] == 3
    assert steps.contacts() == set()
    assert steps.calls(other) == calls


def test_a_token_that_mailchimp_refuses_is_asked_for_nothing_until_there_is_another(
    steps: Steps,
) -> None:
    steps.finish(steps.sent())
    steps.mailchimp.revoke_key(steps.account.api_key)
    run = steps.start()
    steps.plan(run)
    assert steps.record(run)["error"]["code"] == "mailchimp_unauthorized"
    calls = steps.calls(steps.account)
    run = steps.start()
    steps.plan(run)
    ended = steps.record(run)
    assert (ended["status"], ended["error"]["code"]) == ("skipped", "connection_not_ready")
    assert steps.calls(steps.account) == calls
    steps.use_key(steps.mailchimp.add_key(steps.account))
    run = steps.sent()
    steps.finish(run)
    assert steps.record(run)["status"] == "succeeded"


def _learn(steps: Steps, key: str) -> None:
    """Let the app see whose key it is, as it does when somebody verifies the connection."""
    url = steps.mailchimp.api_url_template
    with MailchimpClient(url, parse_token(key), 10) as client:
        remember_account(steps.app, steps.connection(), check_account(client.account()))
