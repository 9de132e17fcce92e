"""Fills that end early, by the clock or by force."""

import subprocess
import sys
import time
from collections import Counter

from local.azurite import Azurite
from shared.mailchimp.suppressions import STATUSES
from shared.platform.blobs import BlobInfo
from tests.support.root import ROOT
from tests.support.scene import Scene


def test_a_fill_in_many_short_calls_reads_no_page_twice(scene: Scene) -> None:
    scene.put("unsubscribed", 9_000)
    scene.put("archived", 4_000)
    scene.simulator.set(base_seconds=0.3)

    results = [scene.refresh(budget=1.5, workers=2)]
    while not results[-1].finished:
        results.append(scene.refresh(budget=1.5, workers=2))
        assert len(results) < 20

    assert len(results) > 2
    assert scene.loaded() == scene.expected()
    assert max(Counter(scene.listings()).values()) == 1


def test_a_killed_fill_is_gone_on_with(scene: Scene, azurite: Azurite) -> None:
    for status in STATUSES:
        scene.put(status, 5_000, email="{status}.{n}@Contoso.com")
    scene.simulator.set(base_seconds=0.3)
    filler = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.services.mailchimp.suppressions.filler",
            azurite.connection_string,
            scene.simulator.url,
            scene.account.account_id,
            scene.account.api_key,
            scene.audience,
        ],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    while _pages(scene) < 8:
        assert filler.poll() is None
        time.sleep(0.05)
    filler.kill()
    filler.communicate()
    kept = _pages(scene)
    scene.simulator.set(base_seconds=0)
    scene.simulator.reset_log()

    # The dead one's lease has to run out first, and its calls are waited for.
    scene.refreshed(budget=60)

    assert scene.loaded() == scene.expected()
    assert kept >= 8
    assert len(scene.listings()) <= 30 - kept


def test_what_changed_while_a_fill_lay_idle_is_in_it(scene: Scene) -> None:
    contacts = scene.put("unsubscribed", 3_000)
    subscribed = scene.put("subscribed", 10)
    scene.simulator.set(base_seconds=0.3)
    assert not scene.refresh(budget=0.5, workers=1).finished
    scene.simulator.set(base_seconds=0)
    assert _pages(scene) > 0

    scene.simulator.unsubscribe_by_self(scene.audience, subscribed[:4])
    scene.simulator.resubscribe_by_form(scene.audience, contacts[5:25])
    scene.simulator.archive(scene.audience, contacts[30:35])
    scene.refreshed()

    assert scene.loaded() == scene.expected()


def test_leaves_no_checkpoints_behind(scene: Scene) -> None:
    scene.put("unsubscribed", 1_500)

    scene.refreshed()

    names = {blob.name.removeprefix(scene.table().folder) for blob in _blobs(scene)}
    assert {name.partition("/")[0] for name in names} == {"state.json", "lock", "parts"}


def _pages(scene: Scene) -> int:
    return sum("/pages/" in blob.name for blob in _blobs(scene))


def _blobs(scene: Scene) -> list[BlobInfo]:
    return list(scene.app.blobs.list(scene.table().folder))
