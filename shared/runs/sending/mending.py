"""Puts right, once all of a chunk is sent, what people's changes to the audience made go wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from shared.audiences.owned_tags import ids_of, owned_tags
from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RefusedError, RetryError
from shared.platform.blobs import Blobs
from shared.runs.codes import FAILED, NUMBER, REJECTED
from shared.runs.ledger import Flag
from shared.runs.payload import LeaverItem, UpsertItem
from shared.runs.sending import calls
from shared.runs.sending.after import TRIES
from shared.runs.sending.batch_sizes import MAX_BATCH
from shared.runs.sending.turn import Turn


def take_strays(turn: Turn, client: MailchimpClient, blobs: Blobs) -> None:
    """Take tags that came under another id than ours from those whom our calls gave them to.

    One that a call of ours made is removed once nobody has it. Raises GiveWayError, StopError,
    SlotLostError, ChunkLostError.
    """
    plan, job = turn.plan, turn.job
    for (bit, other), places in strays_of(turn.chunk.blocks).items():
        if job.tags[bit][1] != other:
            for start in range(0, len(places), MAX_BATCH):
                part = places[start : start + MAX_BATCH]
                if not _untag(turn, client, other, part):
                    return
            owned = ids_of(owned_tags(blobs, plan.account, plan.audience), (), 0)
            if other in owned:
                _try(turn, partial(client.delete_unused_tag, plan.audience, other))
        turn.chunk.append({"astray": other, "bit": bit, "items": places})


def take_back(turn: Turn, client: MailchimpClient, source: str | None) -> None:
    """Archive contacts that a call created although they were in the audience.

    They have another address there by now, or were archived by others: whoever left under that
    must not stay subscribed under this one. Who has touched one since is left alone. source: see
    ours.left_alone. Raises GiveWayError, StopError, SlotLostError, ChunkLostError.
    """
    for place, (begun, ended) in anew_of(turn.chunk.blocks).items():
        email = turn.items[place].email
        done = _try(turn, partial(_archive, turn, client, email, (begun, ended), source))
        if not email or done:
            turn.chunk.append({"taken_back": place})


def send_again(turn: Turn, client: MailchimpClient, updating: calls.Updating) -> None:
    """Send values that Mailchimp did not take once more, under the tags that their fields have now.

    Raises GiveWayError, StopError, SlotLostError, ChunkLostError.
    """
    for name, places in untaken_of(turn.chunk.blocks).items():
        if turn.job.field_name(name) == turn.plan.job.field_name(name):
            # The field is gone, or does not take it: finish counts it.
            continue
        for start in range(0, len(places), MAX_BATCH):
            part = [place for place in places[start : start + MAX_BATCH] if turn.items[place].email]
            answers = _try(turn, partial(_send, turn, client, updating, name, part))
            if answers is None:
                return
            missed = set(answers.untaken.get(name, ()))
            taken = [
                place
                for here, place in enumerate(part)
                if here not in missed
                and answers.codes[here] != FAILED
                and answers.codes[here] not in REJECTED
            ]
            turn.chunk.append({"field": name, "items": taken})


def strays_of(blocks: Iterable[Mapping[str, Any]]) -> dict[tuple[int, int], list[int]]:
    """Return from a chunk's blocks, per bit and other id of its tag, the items that got that."""
    found: dict[tuple[int, int], dict[int, None]] = {}
    for block in blocks:
        for place, bit, other in block.get("strays") or ():
            found.setdefault((bit, other), {})[block["at"] + place] = None
        if "astray" in block:
            for item in block["items"]:
                found.get((block["bit"], block["astray"]), {}).pop(item, None)
    return {key: list(items) for key, items in found.items() if items}


def untaken_of(blocks: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Return from a chunk's blocks, per merge field, the items whose value was not taken."""
    found: dict[str, dict[int, None]] = {}
    for block in blocks:
        for name, places in (block.get("untaken") or {}).items():
            found.setdefault(name, {}).update((block["at"] + place, None) for place in places)
        if "field" in block:
            for item in block["items"]:
                found.get(block["field"], {}).pop(item, None)
    return {name: list(items) for name, items in found.items() if items}


def anew_of(blocks: Iterable[Mapping[str, Any]]) -> dict[int, tuple[int, int]]:
    """Return from a chunk's blocks the items to be taken back, with the times of their calls."""
    found: dict[int, tuple[int, int]] = {}
    for block in blocks:
        for place in block.get("anew") or ():
            begun, ended = block.get("during") or (0, 0)
            found[block["at"] + place] = begun, ended
        if "taken_back" in block:
            found.pop(block["taken_back"], None)
    return found


def _archive(
    turn: Turn, client: MailchimpClient, email: str, during: tuple[int, int], source: str | None
) -> bool:
    """Archive a contact that is as a call of that time has left it; tell whether that is done."""
    item = LeaverItem.of_call(email, during)
    leaving = calls.Leaving(item, tried=during[0], source=source)
    return calls.archive(client, turn.job, leaving).codes == [NUMBER["archived"]]


def _untag(turn: Turn, client: MailchimpClient, tag: int, places: Sequence[int]) -> bool:
    emails = [email for place in places if (email := turn.items[place].email)]

    def call() -> bool:
        try:
            client.change_tag(turn.plan.audience, tag, (), emails)
        except RefusedError as error:
            if error.status != 404:
                raise
        return True

    return _try(turn, call) is not None


def _send(
    turn: Turn, client: MailchimpClient, updating: calls.Updating, name: str, places: Sequence[int]
) -> calls.Answers:
    items = []
    for place in places:
        item = turn.items[place]
        if isinstance(item, UpsertItem):
            flags = (item.flags | Flag.ACCEPTED) & ~Flag.ARCHIVED
            values = {name: item.values[name]}
            items.append(item._replace(values=values, add=0, flags=flags, fields=0, tried=0))
    return calls.upsert(client, turn.job, updating, items, {}, None)()


def _try[T](turn: Turn, call: Callable[[], T]) -> T | None:
    """Make a call, again where it fails; None where Mailchimp does not do it."""
    for failures in range(TRIES):
        turn.wait()
        try:
            return call()
        except RefusedError:
            return None
        except RetryError as error:
            turn.note(error, 0)
            turn.pause(failures)
    return None
