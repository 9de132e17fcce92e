"""Refreshes while people come, go and move between statuses."""

import random
import threading
from collections.abc import Callable

from shared.mailchimp.suppressions import STATUSES
from tests.support.scene import Scene

PEOPLE = 2_600


class Crowd:
    """People who change their status all the time.

    `protected` are those who are not plainly subscribed right now, `moved` those who changed since
    it was last cleared: who goes from one status to another just between the reading of the two
    may be in neither, until the next refresh.
    """

    def __init__(self, scene: Scene, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._simulator, self._audience = scene.simulator, scene.audience
        self._people = [f"person{n}@contoso.com" for n in range(2 * PEOPLE)]
        half = len(self._people) // 2
        scene.put_emails("unsubscribed", self._people[:half], age=86_400)
        scene.put_emails("subscribed", self._people[half:], age=86_400)
        self.protected = set(self._people[:half])
        self.moved: set[str] = set()
        self.lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live)

    def _live(self) -> None:
        moves: list[tuple[Callable[..., None], bool]] = [
            (self._simulator.resubscribe_by_form, False),
            (self._simulator.unsubscribe_by_self, True),
            (self._simulator.unsubscribe_by_admin, True),
            (self._simulator.archive, True),
            (self._simulator.bounce, True),
        ]
        while not self._over.is_set():
            who = self._dice.sample(self._people, 5)
            move, protects = self._dice.choice(moves)
            with self.lock:
                self.moved |= set(who)
                if not protects:
                    self.protected -= set(who)
                move(self._audience, who)
                if protects:
                    self.protected |= set(who)

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def test_nobody_who_stayed_protected_is_missing(scene: Scene) -> None:
    scene.simulator.set(base_seconds=0.01)
    with Crowd(scene, seed=1) as crowd:
        for round_ in range(3):
            with crowd.lock:
                before = set(crowd.protected)
                crowd.moved.clear()
            scene.refreshed(additions_only=round_ == 1)
            with crowd.lock:
                steady = before - crowd.moved

            assert steady <= scene.loaded().keys()

    # Everybody stands still: now the table is exact, and nothing is left to do.
    scene.refreshed()
    scene.refreshed()
    assert scene.loaded() == scene.expected()
    assert scene.refresh().calls <= 4 * len(STATUSES)
