"""How an account is updated is found out once, is remembered, and leaves nothing behind."""

from dataclasses import replace

import pytest

from shared.accounts.updates import Updates, load_updates, refused_in_run
from shared.exports.updates import known_updates, settle_updates
from shared.mailchimp.errors import MailchimpError
from tests.support.scene import Scene


def settled(scene: Scene) -> Updates:
    """Settle it, and see that it is remembered."""
    account = scene.account.account_id
    with scene.client() as client:
        found = settle_updates(scene.app, account, scene.audience, client)
    assert load_updates(scene.app.blobs, account) == found
    return found


def test_nothing_is_known_before_the_trial(scene: Scene) -> None:
    known = known_updates(scene.app, scene.account.account_id)
    assert (known.way, known.proved_at) == ("one_by_one", None)


@pytest.mark.parametrize(
    ("status_if_new", "omitted", "way"),
    [
        ("honoured", "keep", "status_if_new"),
        ("refused", "keep", "no_status"),
        ("as_status", "keep", "no_status"),
        ("as_status", "subscribed", "one_by_one"),
        ("item_error", "refused", "one_by_one"),
    ],
)
def test_the_first_way_that_is_proved_is_used_and_tried_once(
    scene: Scene, status_if_new: str, omitted: str, way: str
) -> None:
    scene.simulator.set(status_if_new=status_if_new, omitted_status=omitted)
    found = settled(scene)
    assert (found.way, found.traces) == (way, ())
    assert found.proved_at is not None
    assert all(
        one.status == "archived" for one in scene.simulator.contacts(scene.audience).values()
    )
    scene.simulator.reset_log()
    assert settled(scene) == found
    assert not scene.simulator.calls()


def test_another_token_is_tried_anew(scene: Scene) -> None:
    settled(scene)
    token = scene.simulator.rotate_key(scene.account, scene.account.api_key)
    again = replace(scene, account=replace(scene.account, api_key=token))
    scene.simulator.set(status_if_new="refused")
    assert settled(again).way == "no_status"


def test_a_way_that_is_refused_in_a_run_is_not_used_until_a_trial_proves_it_again(
    scene: Scene,
) -> None:
    settled(scene)
    refused_in_run(scene.app.blobs, scene.account.account_id)
    known = known_updates(scene.app, scene.account.account_id)
    assert (known.way, known.reason) == ("one_by_one", "refused_in_a_run")
    assert settled(scene).way == "status_if_new"


def test_without_a_verdict_it_is_tried_three_times_and_then_daily(scene: Scene) -> None:
    scene.simulator.set(account_email="owner@example.com")
    for attempts in (1, 2, 3, 3):
        assert settled(scene).attempts == attempts
    scene.simulator.set(account_email="owner@contoso.com")
    assert settled(scene).way == "one_by_one"


def test_what_a_broken_trial_left_is_archived_by_the_next(scene: Scene) -> None:
    # The contact is made, and nothing more is answered.
    scene.simulator.fail_next(r"^GET /lists/\w+/members", "503", times=None)
    with pytest.raises(MailchimpError):
        settled(scene)
    (left,) = scene.simulator.contacts(scene.audience).values()
    assert left.status == "unsubscribed"
    scene.simulator.clear_faults()
    settled(scene)
    statuses = {one.status for one in scene.simulator.contacts(scene.audience).values()}
    assert statuses == {"archived"}


def test_a_trial_that_is_switched_off_is_not_made(scene: Scene) -> None:
    app = replace(scene.app, settings=replace(scene.app.settings, mailchimp_trial=False))
    scene.simulator.reset_log()
    with scene.client() as client:
        found = settle_updates(app, scene.account.account_id, scene.audience, client)
    assert (found.way, found.reason) == ("one_by_one", "trial_switched_off")
    assert not scene.simulator.calls()
