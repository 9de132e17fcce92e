"""A large segment with one thing wrong in its middle: a row, or a value in a mapped column."""

import time
from collections.abc import Iterator

from benchmarks.results import Figure, Result
from benchmarks.world import FOLDER, World, world
from local.stack import SEGMENT_CONTAINER

NAME = "one_bad"
_SECONDS = 30.0
_HEADER = "CustomerId,Email,FirstName,Points\n"


def run(*, quick: bool) -> Result:
    """Time a run until it names the bad row, and look at what is left out for the bad value."""
    count = 20_000 if quick else 1_000_000
    middle = count // 2
    result = Result(NAME, size=count)
    with world() as here:
        account = here.account_id
        points: dict[str, object] = {"tag": "POINTS", "name": "Points", "type": "number"}
        audience = here.stack.mailchimp.add_list(account, "News", merge_fields=[points])
        _write(here, count, middle, ",one value too many\n")
        fields = {"FNAME": "FirstName", "POINTS": "Points"}
        here.save_export("news", ["Segment"], fields=fields, audience=audience)
        begun = time.monotonic()
        refused = here.stack.ended(here.start_run("news"), timeout=600)
        seconds = time.monotonic() - begun
        assert refused["error"]["code"] == "snapshot_unreadable", refused
        assert f"row {middle:,}" in refused["error"]["detail"], refused
        _write(here, count, middle, "many\n")
        preview = here.stack.ended(here.start_run("news", preview=True), timeout=600)
    dropped = [w["params"] for w in preview["warnings"] if w["code"] == "values_dropped"]
    assert preview["plan"]["counts"]["to_upsert"] == count, preview
    assert [(d["field"], d["count"]) for d in dropped] == [("POINTS", 1)], dropped
    what = f"{count:,} rows of which row {middle:,} has a value too many: until the run names it"
    result.figures += [
        Figure(what, seconds, "s", _SECONDS),
        Figure(
            f"The same with a bad value in a mapped column of row {middle:,}: contacts to be sent",
            float(count),
            "",
        ),
        Figure("Values counted as left out", float(dropped[0]["count"]), ""),
    ]
    return result


def _write(here: World, count: int, middle: int, end: str) -> None:
    """Write the segment; the middle row ends otherwise than the others."""
    name = f"{FOLDER}/Segment/2026/11/22/0600/Segment_1.csv"
    text = "".join(_rows(count, middle, end)).encode()
    container = here.stack.segment_container(SEGMENT_CONTAINER)
    container.upload_blob(name, text, overwrite=True, max_concurrency=2)


def _rows(count: int, middle: int, end: str) -> Iterator[str]:
    yield _HEADER
    for number in range(1, count + 1):
        ending = end if number == middle else f"{number % 1000}\n"
        yield f"{number:032x},person{number}@contoso.com,First{number % 500},{ending}"
