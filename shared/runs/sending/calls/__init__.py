"""One call to Mailchimp for the next items of a chunk, and what its answer means for each.

- `items`: what a chunk holds of each contact
- `answers`: what became of a call's items
- `upserts`: contacts that are created or updated, written as `members` says, in one of the ways of
  `updating`; `existing` has those that take calls of their own, `taking` what is said of each;
  `pending` sees to those that wait for their own confirmation
- `tags`: tags of contacts whose values stay as they are
- `permits`: first marketing permissions of contacts that were created
- `singles`: leavers that are archived or unsubscribed, one by one
- `ours`: whether a contact, as it was read, is still as this product left it

Nothing here retries or waits: chunk_sender.py and missing_tags.py do.
"""

from shared.runs.sending.calls.answers import (
    Answers,
    PendingAnswers,
    given_up,
    not_now,
    ready,
    refused_alone,
    without_address,
)
from shared.runs.sending.calls.members import Written, write_ahead
from shared.runs.sending.calls.permits import permit
from shared.runs.sending.calls.singles import Leaving, archive, unsubscribe
from shared.runs.sending.calls.tags import (
    change_tags,
    give_tag,
    lacking_of,
    tag_gone,
    tag_load,
    tag_size,
)
from shared.runs.sending.calls.updating import Updating
from shared.runs.sending.calls.upserts import upsert, upsert_size

__all__ = [
    "Answers",
    "Leaving",
    "PendingAnswers",
    "Updating",
    "Written",
    "archive",
    "change_tags",
    "give_tag",
    "given_up",
    "lacking_of",
    "not_now",
    "permit",
    "ready",
    "refused_alone",
    "tag_gone",
    "tag_load",
    "tag_size",
    "unsubscribe",
    "upsert",
    "upsert_size",
    "without_address",
    "write_ahead",
]
