"""What plans and lanes read, and refreshes that meet."""

import subprocess
import sys
import threading

import pytest

from local.azurite import Azurite
from shared.mailchimp.suppressions import (
    STATUSES,
    Changes,
    RefreshResult,
    SuppressionsMissingError,
    changed_since,
    load_suppressions,
)
from shared.mailchimp.suppressions.recent import RECENT_LIMIT
from shared.platform.blobs import BlobConflictError
from tests.support.root import ROOT
from tests.support.scene import Scene, app_on


def changes(scene: Scene, generation: int) -> Changes:
    return changed_since(scene.app, scene.account.account_id, scene.audience, generation)


def test_nothing_can_be_read_before_the_first_fill(scene: Scene) -> None:
    with pytest.raises(SuppressionsMissingError):
        changes(scene, 0)
    with pytest.raises(SuppressionsMissingError):
        load_suppressions(scene.app, scene.account.account_id, scene.audience)


def test_lanes_learn_who_came_in_since_the_plan(scene: Scene) -> None:
    people = scene.put("subscribed", 10)
    scene.put("unsubscribed", 1_500)
    planned = scene.refreshed().generation
    assert changes(scene, planned).suppressed == {}

    scene.simulator.unsubscribe_by_self(scene.audience, people[0])
    first = scene.refreshed(additions_only=True).generation
    scene.simulator.bounce(scene.audience, people[1])
    scene.simulator.archive(scene.audience, people[2])
    second = scene.refreshed(additions_only=True)

    assert changes(scene, planned).suppressed == {
        people[0]: "unsubscribed",
        people[1]: "cleaned",
        people[2]: "archived",
    }
    assert changes(scene, first).suppressed == {people[1]: "cleaned", people[2]: "archived"}
    assert changes(scene, second.generation).suppressed == {}
    assert changes(scene, planned).generation == second.generation
    assert changes(scene, planned).refreshed_at == second.refreshed_at


def test_lanes_get_the_whole_table_when_too_many_came_in(scene: Scene) -> None:
    scene.put("pending", 10)
    planned = scene.refreshed().generation
    scene.put("archived", RECENT_LIMIT + 1_000)
    after = scene.refreshed().generation

    assert changes(scene, planned).suppressed == scene.expected()
    assert changes(scene, after).suppressed == {}


def test_lanes_import_no_polars() -> None:
    script = (
        "import sys, shared.mailchimp.suppressions\n"
        "assert not {'polars', 'pyarrow', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_a_reader_that_is_overtaken_finds_its_parts(scene: Scene) -> None:
    scene.put("unsubscribed", 20)
    people = scene.put("subscribed", 5)
    before = scene.refreshed()
    scene.simulator.unsubscribe_by_self(scene.audience, people[0])
    scene.refreshed()

    kept = list(scene.table().read_part(before.rows["unsubscribed"].part))

    assert len(kept) == 20


def test_no_more_than_two_generations_of_parts_are_kept(scene: Scene) -> None:
    people = scene.put("subscribed", 6)
    for person in people:
        scene.simulator.unsubscribe_by_self(scene.audience, person)
        state = scene.refreshed()

    stored = {blob.name for blob in scene.app.blobs.list(scene.table().parts_folder)}
    assert stored == state.parts() | set(state.previous)
    assert len(stored) == 4


def test_the_most_protective_status_counts_where_there_are_several(scene: Scene) -> None:
    scene.put_emails("archived", ["one@contoso.com", "two@contoso.com"])
    scene.put_emails("cleaned", ["ONE@contoso.com "])
    scene.refreshed()

    assert scene.loaded() == {"one@contoso.com": "cleaned", "two@contoso.com": "archived"}
    frame, state = load_suppressions(scene.app, scene.account.account_id, scene.audience)
    assert frame.height == 2
    assert state.count == 3


def test_of_two_refreshes_at_once_one_works_and_both_have_its_result(
    scene: Scene, azurite: Azurite
) -> None:
    scene.put("unsubscribed", 3_000)
    scene.simulator.set(base_seconds=0.1)
    apps = [app_on(azurite.connection_string) for _ in range(2)]
    results: list[RefreshResult] = []

    def run(number: int) -> None:
        results.append(scene.refresh(app=apps[number]))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [result.finished for result in results] == [True, True]
    assert results[0].state == results[1].state
    assert min(result.calls for result in results) == 0
    assert scene.loaded() == scene.expected()


def test_a_refresh_that_may_not_wait_ends_unfinished_while_another_works(scene: Scene) -> None:
    scene.put("unsubscribed", 10)
    with scene.app.leases.held(scene.table().lock_name):
        result = scene.refresh(budget=0.5)

    assert not result.finished
    assert result.calls == 0


def test_an_old_state_can_not_be_written_over_a_newer_one(scene: Scene) -> None:
    old = scene.refreshed()
    scene.refreshed()

    with pytest.raises(BlobConflictError):
        scene.table().write_state(old, old)
    with pytest.raises(BlobConflictError):
        scene.table().write_state(old, None)


def test_an_erased_address_is_in_no_blob_of_any_table(scene: Scene) -> None:
    scene.put("unsubscribed", 1_200)
    people = scene.put("subscribed", 5, email="erased{n}@contoso.com")
    planned = scene.refreshed().generation
    scene.simulator.unsubscribe_by_self(scene.audience, people[:2])
    scene.refreshed()
    other = Scene(scene.app, scene.simulator, scene.account, scene.audience)
    other.audience = scene.simulator.add_list(scene.account, "Other")
    other.put_emails("cleaned", [people[0].upper(), "else@contoso.com"])
    other.refreshed()

    assert scene.erase(f" {people[0].upper()}") == 2

    assert _holding(scene, people[0]) == []
    assert len(scene.loaded()) == 1_201
    assert other.loaded() == {"else@contoso.com": "cleaned"}
    assert changes(scene, planned).suppressed == {people[1]: "unsubscribed"}
    assert scene.erase(people[0]) == 0


def test_after_an_erasure_in_mailchimp_too_nothing_is_listed_anew(scene: Scene) -> None:
    people = scene.put("unsubscribed", 1_200)
    scene.refreshed()
    scene.simulator.forget(scene.audience, people[3])
    scene.erase(people[3])
    scene.simulator.reset_log()

    result = scene.refresh()

    assert result.calls == len(STATUSES)
    assert scene.loaded() == scene.expected()


def test_an_erasure_here_alone_lists_nothing_anew_and_hides_nobody_who_comes_in(
    scene: Scene,
) -> None:
    people = scene.put("unsubscribed", 1_200)
    scene.put("subscribed", 3, email="here{n}@contoso.com")
    scene.refreshed()
    scene.erase(people[3])

    first = scene.refresh()
    scene.simulator.unsubscribe_by_admin(scene.audience, ["here0@contoso.com"])
    second = scene.refresh()

    assert (first.calls, second.calls) == (len(STATUSES), len(STATUSES))
    assert scene.loaded() == {
        email: status for email, status in scene.expected().items() if email != people[3]
    }


def test_an_erasure_reaches_the_checkpoints_of_a_fill(scene: Scene) -> None:
    people = scene.put("unsubscribed", 4_000)
    scene.simulator.set(base_seconds=0.3)
    assert not scene.refresh(budget=0.9, workers=2).finished
    scene.simulator.set(base_seconds=0)
    assert _holding(scene, people[0])
    scene.simulator.forget(scene.audience, people[0])

    scene.erase(people[0])

    assert _holding(scene, people[0]) == []
    scene.refreshed()
    assert scene.loaded() == scene.expected()


def _holding(scene: Scene, email: str) -> list[str]:
    from shared.mailchimp.suppressions.erase import _blobs_with

    return _blobs_with(scene.table(), frozenset([email]))
