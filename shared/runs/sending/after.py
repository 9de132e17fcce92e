"""What a call that failed means for its batch. Nothing here waits, sends or writes."""

from dataclasses import dataclass
from typing import assert_never

from shared.mailchimp.errors import RefusedError, RetryError, TimedOutError
from shared.runs.job import Job
from shared.runs.payload import ChunkKind, Item, TagItem, all_of
from shared.runs.sending import calls
from shared.runs.sending.batch_sizes import MIN_BATCH

# Calls that failed though Mailchimp answers others: after so many fewer contacts are sent at once.
TRIES = 6
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


def after_failures(failures: int, batch: Batch, said: str = "") -> Decision:
    """Return what it means that so many calls failed although Mailchimp answered others.

    said: its words about the last one, where it had any.
    """
    if failures < TRIES:
        return SendAgain()
    if len(batch.items) > 1:
        return Smaller()
    return Settled(calls.given_up(len(batch.items), said or NO_ANSWER))


def words_of(error: Exception) -> str:
    """Return status and words of an answer that is no answer to the call; empty without one."""
    if not isinstance(error, RetryError) or error.status is None or error.detail == error.summary:
        return ""
    return f"Mailchimp answered HTTP {error.status}: {error.detail}"
