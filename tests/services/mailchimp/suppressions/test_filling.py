"""The first fill of an audience's table."""

import pytest

from shared.mailchimp.errors import AudienceNotFoundError, UnauthorizedError
from shared.mailchimp.suppressions import STATUSES
from tests.support.scene import Scene


def test_holds_everybody_who_is_not_plainly_subscribed(scene: Scene) -> None:
    scene.put("subscribed", 1500)
    for number, status in enumerate(STATUSES):
        scene.put(status, 900 + 350 * number, email="{status}.{n}@Contoso.COM")

    state = scene.refreshed()

    assert scene.loaded() == scene.expected()
    assert {s: rows.count for s, rows in state.rows.items()} == {
        "cleaned": 900,
        "unsubscribed": 1250,
        "archived": 1600,
        "pending": 1950,
        "transactional": 2300,
    }


def test_compares_addresses_trimmed_and_in_lower_case(scene: Scene) -> None:
    scene.put_emails("unsubscribed", ["Ada.Lovelace@Contoso.COM", 'Odd"\\Name@contoso.com'])
    scene.put_emails("cleaned", ["ÉLISE@BÜCHER.example.net"])

    scene.refreshed()

    assert scene.loaded() == {
        "ada.lovelace@contoso.com": "unsubscribed",
        'odd"\\name@contoso.com': "unsubscribed",
        "élise@bücher.example.net": "cleaned",
    }


def test_an_empty_audience_has_an_empty_table(scene: Scene) -> None:
    state = scene.refreshed()

    assert state.generation == 1
    assert scene.loaded() == {}


def test_there_is_no_table_before_the_fill_has_ended(scene: Scene) -> None:
    scene.put("unsubscribed", 5)

    result = scene.refresh(budget=0)

    assert not result.finished
    assert scene.table().state() is None


def test_reads_side_by_side_but_never_with_more_connections_than_slots(scene: Scene) -> None:
    scene.put("archived", 12_000)
    scene.simulator.set(base_seconds=0.1)

    scene.refreshed(workers=4)

    stats = scene.simulator.stats().accounts[scene.account.account_id]
    assert 2 <= stats.max_in_flight <= 4
    assert stats.refused == 0
    assert len(scene.loaded()) == 12_000


def test_waits_out_what_passes(scene: Scene) -> None:
    scene.put("unsubscribed", 2500)
    scene.simulator.fail_next("GET /lists/.*/members", "429_bodyless")
    scene.simulator.fail_next("GET /lists/.*/members", "503")
    scene.simulator.fail_next("GET /lists/.*/members", "truncated_answer")

    scene.refreshed()

    assert scene.loaded() == scene.expected()


def test_stops_where_asking_again_is_of_no_use(scene: Scene) -> None:
    scene.simulator.revoke_key(scene.account.api_key)
    with pytest.raises(UnauthorizedError):
        scene.refresh()

    scene.account = scene.simulator.add_account("Fabrikam")
    with pytest.raises(AudienceNotFoundError):
        scene.refresh()


def test_without_a_slot_it_ends_unfinished_and_calls_nobody(scene: Scene) -> None:
    slots = [scene.slot() for _ in range(scene.app.settings.max_connections)]
    for slot in slots:
        slot.__enter__()

    result = scene.refresh(budget=1.5)

    assert not result.finished
    assert result.calls == 0
    for slot in slots:
        slot.__exit__(None, None, None)
