"""What the routes of erasures answer."""

from typing import Literal

from shared.http.answers.common import Answer, Moment


class ErasureProgress(Answer):
    """How many of the places that may hold a person have been gone through."""

    done: int
    total: int


class ErasureFailure(Answer):
    """A place that could not be cleaned yet, and why: it is tried again."""

    where: str
    code: Literal[
        "unreadable",
        "storage_failed",
        "connection_missing",
        "connection_not_ready",
        "secret_unreadable",
        "mailchimp_busy",
        "mailchimp_failed",
        "mailchimp_unauthorized",
        "mailchimp_denied",
        "mailchimp_method_disabled",
        "internal_error",
    ]


class Removed(Answer):
    """How many rows or contacts a place lost; in an ended erasure also where there were none."""

    where: str
    count: int
    code: Literal["not_found"] | None = None


class ErasureView(Answer):
    """How far an erasure has come; nothing of it names the person.

    A place is `ledgers/{export}/{audience}`, `memory/{audience}`, `outcomes/{run}`, `plans/{run}`,
    `previews/{run}`, `protected/{audience}` or `mailchimp/{audience}`; its kind alone where none of
    them had the person.
    """

    id: str
    status: Literal["running", "done", "incomplete"]
    asked_at: Moment
    ended_at: Moment | None
    progress: ErasureProgress
    errors: list[ErasureFailure]
    removed: list[Removed]
