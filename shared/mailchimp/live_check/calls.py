"""Questions about bulk calls themselves: their limits, and the form of their answers."""

from collections.abc import Mapping

from shared.mailchimp import answers
from shared.mailchimp.client import MAX_CONTACTS
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.live_check.probe import NotShownError, Probe
from shared.mailchimp.live_check.rows import Seen


def answer_casing(probe: Probe) -> Mapping[str, Seen]:
    """Ask in which letters an answer has an address, and whether a language is taken."""
    email = probe.contact("sent")
    local, _, domain = email.rpartition("@")
    as_sent = f"{local.upper()}@{domain}"
    sent = probe.send(as_sent, status="unsubscribed", language="de")
    if not sent.taken:
        raise NotShownError("mailchimp_refused")
    casing = "sent" if sent.contact.get("email_address") == as_sent else "stored"
    language = "taken" if sent.contact.get("language") == "de" else "left"
    return {"answer_casing": casing, "language": language}


def duplicates(probe: Probe) -> Mapping[str, Seen]:
    """Ask how a contact is answered that is in a call twice."""
    member = {"email_address": probe.contact("sent"), "status": "unsubscribed"}
    try:
        found = probe.bulk([member, member])
    except RefusedError:
        return {"duplicates": "request_error"}
    return {"duplicates": "item_error" if answers.objects(found, "errors") else "taken"}


def more_than_500(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether a call with one contact too many is refused; all of them are the same one."""
    member = {"email_address": probe.contact("sent"), "status": "unsubscribed"}
    try:
        probe.bulk([member] * (MAX_CONTACTS + 1), skip_duplicate_check="true")
    except RefusedError:
        return {"more_than_500": "refused"}
    return {"more_than_500": "taken"}


def filter_post_answers(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether `exclude_fields` makes the answer of a bulk call smaller."""
    member = {"email_address": probe.contact("sent"), "status": "unsubscribed"}
    left_out = "updated_members.merge_fields"
    found = answers.objects(probe.bulk([member], exclude_fields=left_out), "updated_members")
    if not found:
        raise NotShownError("mailchimp_refused")
    return {"filter_post_answers": "whole" if "merge_fields" in found[0] else "filtered"}
