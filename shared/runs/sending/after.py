"""What a call that failed means for its batch. Nothing here waits, sends or writes."""

from dataclasses import dataclass
from typing import assert_never

from shared.mailchimp.errors import BlockedError, RefusedError, RetryError, TimedOutError
from shared.runs.job import Job
from shared.runs.payload import ChunkKind, Item, TagItem, all_of
from shared.runs.sending import calls
from shared.runs.sending.batch_sizes import MIN_BATCH

# Calls that failed though Mailchimp answers others: after so many fewer contacts are sent at once.
TRIES = 6
# A firewall's page comes at once and comes again for what it dislikes: whom that is shows soon.
_TRIES_BEFORE_A_PAGE = 3
NO_ANSWER = "Mailchimp did not answer, although it answered other calls"


@dataclass(frozen=True)
class Batch:
    """The items of a call, and how many contacts they are, as the call's limit counts them."""

    kind: ChunkKind
    items: list[Item]
    load: int


@dataclass(frozen=True)
class SendAgain:
    """The same batch again, after a pause; `counts`: this was a try that is worth counting."""

    counts: bool = False


@dataclass(frozen=True)
class Smaller:
    """Fewer contacts at once; `timed_out`: so many got no answer in time."""

    timed_out: bool = False


@dataclass(frozen=True)
class Settled:
    """The batch has its outcomes all the same.

    refused: why, where the call about one contact was refused. delivered: nothing is wrong with
    calls of this size.
    """

    answers: calls.Answers
    refused: RefusedError | None = None
    delivered: bool = False


Decision = SendAgain | Smaller | Settled


def after(error: RefusedError | RetryError, batch: Batch, job: Job) -> Decision:
    """Return what a failed call means, by its error alone."""
    match error:
        case RefusedError(status=404) if batch.kind == "tag":
            tags = all_of(TagItem, batch.items)
            return Settled(calls.tag_gone(job, tags, error.detail), delivered=True)
        case RefusedError() if len(batch.items) > 1:
            return Smaller()
        case RefusedError():
            return Settled(calls.refused_alone(error), refused=error)
        case TimedOutError() if batch.load > MIN_BATCH:
            return Smaller(timed_out=True)
        case RetryError():
            return SendAgain(error.counts)
        case _:
            assert_never(error)


def after_failures(failures: int, batch: Batch, error: RefusedError | RetryError) -> Decision:
    """Return what it means that so many calls failed, by this error at last, and others did not."""
    several = len(batch.items) > 1
    if failures < tries_before(error, several=several):
        return SendAgain()
    if several:
        return Smaller()
    return Settled(calls.given_up(len(batch.items), words_of(error) or NO_ANSWER))


def tries_before(error: RefusedError | RetryError, *, several: bool) -> int:
    """Return how often a call about several contacts, or one, is made before that is the end."""
    is_page = isinstance(error, BlockedError) and error.page
    return _TRIES_BEFORE_A_PAGE if is_page and several else TRIES


def words_of(error: Exception) -> str:
    """Return status and words of an answer that is no answer to the call; empty without one."""
    if not isinstance(error, RetryError) or error.status is None or error.detail == error.summary:
        return ""
    return f"Mailchimp answered HTTP {error.status}: {error.detail}"
