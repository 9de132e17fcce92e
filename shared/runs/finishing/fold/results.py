"""What became of the items of all chunks, collected from the blocks of their outcome blobs."""

from array import array
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import unpack
from typing import Any

from shared.runs.codes import GONE, SKIPPED_BY_STATUS, from_letters

# Results of items besides outcome codes.
NOT_SENT = 254
# What lanes write of it, in this order.
WRITTEN = ("given", "taken", "lost", "kept", "language", "changed", "failed")
MAYBE_SENT = 253


@dataclass
class Results:
    """What became of a list of items, in their order.

    codes: outcome numbers, NOT_SENT or MAYBE_SENT. details: text by place. lacking: tag mask
    that a contact did not get, by place. added: places that this export has added although
    Mailchimp said `updated`; asked: places that were asked to come back; let_go: those that are
    not this export's any more. untaken: places whose value of a merge field was not
    taken. during: first and last place of a call, and Mailchimp's times
    between which it was carried out. written: of interests and language, by place, in the
    order of WRITTEN. shown: what Mailchimp showed of each one's values (see
    runs/shown.py), empty where it is not known of anybody.
    """

    codes: bytearray
    details: dict[int, str] = field(default_factory=dict)
    lacking: dict[int, int] = field(default_factory=dict)
    added: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    let_go: set[int] = field(default_factory=set)
    dropped: dict[str, int] = field(default_factory=dict)
    untaken: dict[str, set[int]] = field(default_factory=dict)
    written: dict[int, list[int]] = field(default_factory=dict)
    during: list[tuple[int, int, int, int]] = field(default_factory=list)
    shown: "array[int]" = field(default_factory=lambda: array("I"))

    def note_shown(self, first: int, numbers: Sequence[int]) -> None:
        """Take in what was shown of items from a place on."""
        if not self.shown:
            self.shown = array("I", bytes(4 * len(self.codes)))
        self.shown[first : first + len(numbers)] = array("I", numbers)


def results_of(
    chunks: Iterable[tuple[int, Sequence[Mapping[str, Any]], int]], items: int
) -> Results:
    """Collect the blocks of chunks of one kind.

    chunks: number of items, blocks, and how many items after the last block may have been sent.
    """
    results = Results(bytearray([NOT_SENT]) * items)
    first = 0
    for size, blocks, maybe in chunks:
        _collect(results, first, size, blocks, maybe)
        first += size
    return results


def _collect(
    results: Results, first: int, size: int, blocks: Sequence[Mapping[str, Any]], maybe: int
) -> None:
    position = 0
    for block in blocks:
        if "at" in block:
            position = max(position, _answered(results, first, block))
        elif "tag" in block:
            _given(results, first, block)
        elif "taken_back" in block:
            place = first + block["taken_back"]
            results.codes[place], results.details[place] = SKIPPED_BY_STATUS["archived"], GONE
            results.let_go.add(place)
        elif "field" in block:
            results.untaken[block["field"]] -= {first + item for item in block["items"]}
            # They were sent once more: what the first answer showed is over.
            for item in block["items"] if results.shown else ():
                results.shown[first + item] = 0
    end = min(size, position + maybe)
    results.codes[first + position : first + end] = bytes([MAYBE_SENT]) * (end - position)


def _answered(results: Results, first: int, block: Mapping[str, Any]) -> int:
    """Take over what a call has done; return where in the chunk its items end."""
    at = first + block["at"]
    codes = from_letters(block["codes"])
    results.codes[at : at + len(codes)] = codes
    for place, text in (block.get("details") or {}).items():
        results.details[at + int(place)] = text
    for place, mask in (block.get("lacking") or {}).items():
        results.lacking[at + int(place)] = mask
    results.added.update(at + place for place in block.get("added") or ())
    results.asked.update(at + place for place in block.get("asked") or ())
    results.let_go.update(at + place for place in block.get("let_go") or ())
    _note_written(results, at, block)
    if shown := block.get("shown"):
        results.note_shown(at, unpack(f"<{len(codes)}I", b64decode(shown)))
    if during := block.get("during"):
        results.during.append((at, at + len(codes), *during))
    for name, places in (block.get("untaken") or {}).items():
        results.untaken.setdefault(name, set()).update(at + place for place in places)
    for name, count in (block.get("dropped") or {}).items():
        results.dropped[name] = results.dropped.get(name, 0) + count
    position: int = block["at"] + len(codes)
    return position


def _note_written(results: Results, at: int, block: Mapping[str, Any]) -> None:
    for place, numbers in (block.get("written") or {}).items():
        results.written[at + int(place)] = numbers


def _given(results: Results, first: int, block: Mapping[str, Any]) -> None:
    """Take note of a tag that was given after the contacts were sent."""
    bad = block.get("bad") or {}
    for item in block["items"]:
        place = first + item
        if str(item) in bad:
            results.details[place] = bad[str(item)]
            continue
        left = results.lacking.get(place, 0) & ~(1 << block["tag"])
        if left:
            results.lacking[place] = left
        else:
            results.lacking.pop(place, None)
