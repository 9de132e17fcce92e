"""Gives the tags that the answers did not show, tag by tag, once all of a chunk is sent."""

from typing import Any

from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RefusedError, RetryError, TimedOutError
from shared.runs.sending import calls
from shared.runs.sending.after import NO_ANSWER, tries_before, words_of
from shared.runs.sending.batch_sizes import MAX_BATCH, MIN_BATCH
from shared.runs.sending.turn import Turn


def give_lacking_tags(turn: Turn, client: MailchimpClient) -> None:
    """Give every contact of a chunk the tags that it still lacks, and write that it has them.

    Raises GiveWayError, StopError, SlotLostError, ChunkLostError.
    """
    plan = turn.plan
    for bit, places in calls.lacking_of(turn.chunk.blocks).items():
        cap = MAX_BATCH
        while places:
            most = min(cap, turn.lanes.sizes.current(plan.account, plan.audience, "tag"))
            part = places[:most]
            bad = _give(turn, client, bit, part)
            if bad is None:
                cap = max(1, len(part) // 2)
                continue
            cap = min(MAX_BATCH, 2 * cap)
            block: dict[str, Any] = {"tag": bit, "items": part}
            if bad:
                block["bad"] = bad
            turn.chunk.append(block)
            places = places[most:]


def _give(
    turn: Turn, client: MailchimpClient, bit: int, places: list[int]
) -> dict[str, str] | None:
    """Give a tag; return by place who did not get it, and why.

    None where it has to be tried again with fewer contacts.
    """
    plan = turn.plan
    failures = waits = 0
    while True:
        turn.wait()
        # Only now: somebody may have been erased while this lane waited.
        emails = {email: place for place in places if (email := turn.items[place].email)}
        if not emails:
            return {}
        try:
            with turn.in_span("lacking_tag", len(emails)) as work:
                bad = calls.give_tag(client, turn.job, bit, list(emails))
            work.end(errors=len(bad))
            turn.lanes.sizes.worked(plan.account, plan.audience, "tag", len(emails))
        except RefusedError as error:
            bad = dict.fromkeys(emails, f"tag {turn.job.tags[bit][0]}: {error.detail}")
        except RetryError as error:
            turn.note(error, len(emails))
            if isinstance(error, TimedOutError) and len(emails) > MIN_BATCH:
                turn.lanes.sizes.timed_out(plan.account, plan.audience, "tag", len(emails))
                return None
            waits += 1
            turn.pause(waits)
            failures += error.counts and turn.answers_others(client)
            several = len(emails) > 1
            if failures < tries_before(error, several=several):
                continue
            if several:
                return None
            why = words_of(error) or NO_ANSWER
            bad = dict.fromkeys(emails, f"tag {turn.job.tags[bit][0]}: {why}")
        return {
            str(emails[email]): calls.without_address(text, email) for email, text in bad.items()
        }
