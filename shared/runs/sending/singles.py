"""Archives or unsubscribes one contact that has left."""

from shared.mailchimp.client import MailchimpClient
from shared.mailchimp.errors import RefusedError
from shared.runs.codes import ERASED, FAILED, NUMBER
from shared.runs.sending.answers import Answers
from shared.runs.sending.items import Item
from shared.runs.sending.job import Caller, Job


def archive(call: Caller, client: MailchimpClient, job: Job, item: Item) -> Answers:
    """Archive a contact. One that is gone or archived already is what was wanted."""
    if not item[0]:
        return Answers([ERASED])
    result = call(client.archive, job.audience, item[0])
    if result == "refused":
        return Answers([FAILED], {0: "archive: Mailchimp can't archive this contact"})
    return Answers([NUMBER["archived"]])


def unsubscribe(call: Caller, client: MailchimpClient, job: Job, item: Item) -> Answers:
    """Unsubscribe a contact. One that is gone is what was wanted."""
    if not item[0]:
        return Answers([ERASED])
    try:
        call(client.unsubscribe, job.audience, item[0])
    except RefusedError as error:
        return Answers([FAILED], {0: f"unsubscribe: {error.detail}"})
    return Answers([NUMBER["unsubscribed"]])
