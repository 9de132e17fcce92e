"""Refreshing a table that is filled: what is read, who comes in, who goes."""

from datetime import timedelta

import pytest

from shared.mailchimp.suppressions import STATUSES
from tests.services.mailchimp.suppressions.unsorted import Unsorted
from tests.support.scene import HOUR, Scene


@pytest.fixture
def filled(scene: Scene) -> Scene:
    for status in STATUSES:
        scene.put(status, 1_200, email="{status}.{n}@Contoso.com")
    scene.put("subscribed", 50)
    scene.refreshed()
    scene.simulator.reset_log()
    return scene


def test_one_call_per_status_when_nothing_changed(filled: Scene) -> None:
    before = filled.state()

    result = filled.refresh()

    assert result.calls == len(filled.reads()) == len(STATUSES)
    after = filled.state()
    assert after.generation == before.generation
    assert after.parts() == before.parts()
    assert after.refreshed_at > before.refreshed_at


def test_no_call_while_the_table_is_young_enough(filled: Scene) -> None:
    result = filled.refresh(max_age=600)

    assert result.finished
    assert result.calls == 0


def test_who_was_unsubscribed_through_the_api_comes_in(filled: Scene) -> None:
    filled.simulator.unsubscribe_by_admin(filled.audience, ["subscribed3@contoso.com"])

    result = filled.refresh()

    assert filled.loaded()["subscribed3@contoso.com"] == "unsubscribed"
    assert filled.loaded() == filled.expected()
    assert result.calls == len(STATUSES)


def test_who_shows_up_late_within_the_overlap_comes_in(filled: Scene) -> None:
    # The time of the change lies before the last look; one left, so that the total is the same.
    filled.simulator.forget(filled.audience, "cleaned.7@contoso.com")
    filled.put_emails("cleaned", ["Late@contoso.com"], age=10 * 60)

    filled.refreshed()

    assert filled.loaded()["late@contoso.com"] == "cleaned"
    assert filled.loaded() == filled.expected()


def test_who_shows_up_with_an_old_change_is_found_by_the_total(filled: Scene) -> None:
    filled.put_emails("archived", ["Old@contoso.com"], age=30 * HOUR)

    filled.refreshed()

    assert filled.loaded()["old@contoso.com"] == "archived"
    assert {status for status, _ in filled.listings()} == {"archived"}


def test_who_came_back_by_a_form_goes(filled: Scene) -> None:
    back = ["unsubscribed.5@contoso.com", "archived.1100@contoso.com"]
    filled.simulator.resubscribe_by_form(filled.audience, back)

    result = filled.refresh()

    assert not filled.loaded().keys() & set(back)
    assert filled.loaded() == filled.expected()
    # One call finds them: no status is listed again.
    assert result.calls == len(STATUSES) + 1
    assert filled.refresh().calls == len(STATUSES)


def test_who_came_back_among_thousands_of_changes_is_found_by_listing(filled: Scene) -> None:
    filled.put("subscribed", 3_500, email="new{n}@contoso.com", age=5)
    filled.simulator.resubscribe_by_form(filled.audience, "unsubscribed.5@contoso.com")

    filled.refreshed()

    assert filled.loaded() == filled.expected()
    assert ("unsubscribed", 990) in filled.listings()


def test_who_left_the_audience_for_good_is_found_by_listing(filled: Scene) -> None:
    filled.simulator.forget(filled.audience, "cleaned.7@contoso.com")

    filled.refreshed()

    assert filled.loaded() == filled.expected()


def test_in_the_middle_of_a_run_nobody_is_looked_for_who_left(filled: Scene) -> None:
    filled.simulator.resubscribe_by_form(filled.audience, "unsubscribed.5@contoso.com")
    filled.simulator.unsubscribe_by_self(filled.audience, "subscribed5@contoso.com")

    result = filled.refresh(additions_only=True)

    assert result.calls == len(STATUSES)
    assert {"unsubscribed.5@contoso.com", "subscribed5@contoso.com"} <= filled.loaded().keys()
    # The next plan does look.
    filled.refreshed()
    assert filled.loaded() == filled.expected()


def test_in_the_middle_of_a_run_somebody_missing_is_looked_for(filled: Scene) -> None:
    filled.put_emails("pending", ["Old@contoso.com"], age=30 * HOUR)

    filled.refreshed(additions_only=True)

    assert filled.loaded() == filled.expected()


def test_who_moves_from_one_status_to_another_is_moved_without_a_listing(filled: Scene) -> None:
    filled.simulator.archive(filled.audience, ["unsubscribed.1@contoso.com"])
    filled.simulator.bounce(filled.audience, ["pending.2@contoso.com"])
    filled.simulator.unsubscribe_by_self(filled.audience, ["transactional.3@contoso.com"])

    result = filled.refresh()

    assert filled.loaded() == filled.expected()
    assert result.calls == len(STATUSES)


def test_a_changed_address_is_known_by_its_new_name_alone(filled: Scene) -> None:
    filled.simulator.change_email(filled.audience, "cleaned.1@Contoso.com", "Renamed@contoso.com")

    filled.refreshed()

    assert "cleaned.1@contoso.com" not in filled.loaded()
    assert filled.loaded()["renamed@contoso.com"] == "cleaned"


def test_more_changes_than_one_page_holds_are_read_to_the_last(filled: Scene) -> None:
    filled.put("unsubscribed", 3_300, email="new{n}@contoso.com", age=5)

    filled.refreshed()

    assert filled.loaded() == filled.expected()
    assert filled.listings() == []


def test_a_status_that_shrank_below_the_last_page_is_read_all_the_same(filled: Scene) -> None:
    gone = [f"pending.{n}@contoso.com" for n in range(1_195)]
    filled.simulator.confirm(filled.audience, gone)

    filled.refreshed()

    assert filled.loaded() == filled.expected()


def test_a_status_with_very_many_changes_is_listed_side_by_side(scene: Scene) -> None:
    scene.refreshed()
    scene.put("archived", 25_000, age=5)

    scene.refreshed(overlap=timedelta(minutes=15))

    assert scene.loaded() == scene.expected()
    assert ("archived", 24_750) in scene.listings()


def test_two_contacts_that_are_one_address_are_no_reason_to_list_every_time(scene: Scene) -> None:
    scene.put("unsubscribed", 1_500)
    scene.put_emails("unsubscribed", ["twin@contoso.com", "twin@contoso.com\u200b"])
    scene.refreshed()
    scene.simulator.reset_log()

    assert scene.refresh().calls == len(STATUSES)

    # Whoever leaves is noticed nevertheless.
    scene.simulator.resubscribe_by_form(scene.audience, "unsubscribed9@contoso.com")
    scene.refreshed()
    assert "unsubscribed9@contoso.com" not in scene.loaded()


def test_does_without_mailchimps_sorting(filled: Scene) -> None:
    with Unsorted(filled.simulator) as unsorted:
        filled.simulator.unsubscribe_by_self(filled.audience, "subscribed1@contoso.com")
        filled.put("cleaned", 1_100, email="more{n}@contoso.com", age=60)
        filled.simulator.resubscribe_by_form(filled.audience, "archived.4@contoso.com")

        filled.client_url = unsorted.api_url_template
        filled.refreshed()

    assert filled.loaded() == filled.expected()
    assert any("since_last_changed" in call.query for call in filled.simulator.calls())


def test_lists_anew_what_somebody_deleted_from_the_storage(filled: Scene) -> None:
    filled.app.blobs.delete(filled.state().rows["archived"].part)

    filled.refreshed()

    assert filled.loaded() == filled.expected()
    assert {status for status, _ in filled.listings()} == {"archived"}
