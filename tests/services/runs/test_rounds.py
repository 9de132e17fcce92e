"""What a tick can't do in its time the next one begins with."""

from shared.app import App
from shared.runs.upkeep.rounds import in_turn

NAMES = [f"news-{number}" for number in range(7)]


def test_without_time_each_tick_goes_on_where_the_last_one_stopped(app: App) -> None:
    seen: list[str] = []
    for _ in range(9):
        in_turn(app.blobs, "step", NAMES, seen.append, seconds=0, workers=1)
    assert seen == [*NAMES, *NAMES[:2]]


def test_with_time_each_tick_does_all_of_it(app: App) -> None:
    seen: list[str] = []
    in_turn(app.blobs, "step", NAMES, seen.append, seconds=0, workers=1)
    in_turn(app.blobs, "step", NAMES, seen.append, seconds=60)
    assert sorted(seen[1:]) == NAMES


def test_steps_keep_their_own_place_and_what_is_gone_holds_nobody_up(app: App) -> None:
    first: list[str] = []
    second: list[str] = []
    for _ in range(2):
        in_turn(app.blobs, "first", NAMES, first.append, seconds=0, workers=1)
        in_turn(app.blobs, "second", NAMES[3:], second.append, seconds=0, workers=1)
    in_turn(app.blobs, "first", NAMES[4:], first.append, seconds=0, workers=1)
    in_turn(app.blobs, "first", [], first.append, seconds=0)
    assert first == ["news-0", "news-1", "news-4"]
    assert second == ["news-3", "news-4"]
