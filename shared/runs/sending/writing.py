"""Writes what a call's answer says into the chunk's outcome blob, beside the next call."""

import time
from dataclasses import dataclass

from shared.mailchimp.errors import RetryError
from shared.platform import log, tracing
from shared.runs.chunks import Chunk
from shared.runs.codes import FAILED, NUMBER, REJECTED
from shared.runs.payload import ChunkKind, Item
from shared.runs.sending import calls

# How long after a batch its answer is read and its outcomes are written.
LATER_SECONDS = 0.02


@dataclass(frozen=True)
class Sent:
    """A batch that Mailchimp has answered: `size` items from `position` on.

    Neither the items nor the answer are kept here: letting go of half a thousand contacts takes
    a while, which the next call need not wait for. begun: when it was sent (seconds since 1970).
    seconds: how long that took. during: the same in Mailchimp's time, earlier tries included.
    calls: of every try, when it was begun (seconds since 1970) and how long it took.
    """

    kind: ChunkKind
    position: int
    size: int
    begun: int
    seconds: float
    work: tracing.Timed
    during: tuple[int, int]
    calls: tuple[tuple[float, float], ...]


def write_outcomes(
    chunk: Chunk,
    sent: Sent,
    batch: list[Item],
    pending: calls.PendingAnswers,
    since: int | None,
) -> None:
    """Read an answer and write what it says; raises RetryError where it can't be read.

    since: see Chunk.append.
    """
    if sent.size > 1:
        # The next call goes out first: both at once would contend for the interpreter.
        time.sleep(LATER_SECONDS)
    try:
        answers = pending()
    except RetryError as error:
        sent.work.fail(error)
        raise
    answers.during, answers.calls = sent.during, sent.calls
    chunk.append(answers.block(sent.position, batch), since)
    counts = _counts(answers)
    sent.work.end(**counts)
    log.event(
        "batch_sent",
        run=chunk.run,
        chunk=chunk.number,
        kind=sent.kind,
        contacts=len(answers.codes),
        seconds=round(sent.seconds, 3),
        **counts,
    )


def _counts(answers: calls.Answers) -> dict[str, int]:
    codes = answers.codes
    return {
        "created": codes.count(NUMBER["created"]),
        "updated": codes.count(NUMBER["updated"]),
        "errors": sum(code == FAILED or code in REJECTED for code in codes),
    }
