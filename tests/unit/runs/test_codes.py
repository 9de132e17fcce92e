"""Outcome codes are stored as numbers, which stay what they are whatever becomes of the list."""

import re
import sys
import types

from shared.runs import codes
from shared.runs.finishing.fold import MAYBE_SENT, NOT_SENT
from tests.support.root import ROOT

# What lies in ledgers, tables and outcome blobs. A new code gets a line; no line is ever changed.
STORED = {
    0: "created",
    1: "updated",
    2: "tagged",
    3: "untagged",
    4: "archived",
    5: "unsubscribed",
    6: "unchanged",
    7: "skipped_no_email",
    8: "skipped_invalid_email",
    9: "skipped_erased",
    10: "skipped_no_consent",
    11: "skipped_duplicate",
    12: "skipped_unsubscribed",
    13: "skipped_cleaned",
    14: "skipped_pending",
    15: "skipped_transactional",
    16: "skipped_archived",
    17: "rejected_compliance",
    18: "rejected_forgotten",
    19: "rejected_fake",
    20: "rejected_too_many_signups",
    21: "rejected_merge_field",
    22: "rejected_other",
    23: "failed",
    24: "skipped_filtered",
    25: "skipped_growth_limit",
}
SOURCE = (ROOT / "shared" / "runs" / "codes.py").read_text("utf-8")


def moved() -> str:
    """The module with its list the other way round, and a new code in the middle of it."""
    lines = re.findall(r"^    Outcome\(.*\),$", SOURCE, re.MULTILINE)
    assert len(lines) == len(codes.OUTCOMES)
    new = max(codes.NAMES) + 1
    inserted = f'    Outcome(number={new}, code="skipped_test", count="skipped", rank=20),'
    middle = len(lines) // 2
    turned = [*reversed(lines[middle:]), inserted, *reversed(lines[:middle])]
    return SOURCE.replace("\n".join(lines), "\n".join(turned))


def test_every_number_means_what_it_has_always_meant() -> None:
    assert codes.NAMES == STORED
    assert {code: number for number, code in STORED.items()} == codes.NUMBER


def test_numbers_and_codes_are_given_once_and_fit_where_they_are_stored() -> None:
    assert len(codes.NAMES) == len(codes.NUMBER) == len(codes.OUTCOMES)
    assert all(0 <= number < MAYBE_SENT < NOT_SENT for number in codes.NAMES)
    numbers = sorted(codes.NAMES)
    letters = codes.to_letters(numbers)
    assert letters.startswith("ABCDEFGHIJKLMNOPQRSTUVWX")
    assert letters.isascii()
    assert letters.isprintable()
    assert list(codes.from_letters(letters)) == numbers


def test_a_code_inserted_in_the_middle_leaves_every_stored_number_as_it_was() -> None:
    module = types.ModuleType("codes")
    sys.modules["codes_moved"] = module
    module.__dict__["__name__"] = "codes_moved"
    exec(compile(moved(), "codes.py", "exec"), module.__dict__)  # noqa: S102 - our own source, changed

    assert module.OUTCOMES[0] != codes.OUTCOMES[0]
    assert {n: name for n, name in module.NAMES.items() if name != "skipped_test"} == STORED
    assert module.to_letters([codes.FAILED]) == codes.to_letters([codes.FAILED])
    for name in ("REJECTED", "FAILED", "UNDELIVERED", "ERASED", "SKIPPED_BY_STATUS"):
        assert getattr(module, name) == getattr(codes, name)


def test_nothing_goes_by_a_code_s_place_in_the_list() -> None:
    by_place = re.compile(
        r"(enumerate\(|\bindex\()\s*(codes\.)?(OUTCOMES|CODES)|(OUTCOMES|CODES)\["
    )
    sources = {path: path.read_text("utf-8") for path in (ROOT / "shared").rglob("*.py")}
    assert [path for path, text in sources.items() if by_place.search(text)] == []
