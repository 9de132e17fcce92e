"""Questions about the status of contacts that exist: whether a call writes it."""

from collections.abc import Mapping

from shared.mailchimp.errors import classify_contact_error, is_about_status
from shared.mailchimp.live_check.probe import NotShownError, Probe, Sent
from shared.mailchimp.live_check.rows import NotShown, Seen


def status_if_new(probe: Probe) -> Mapping[str, Seen]:
    """Ask what becomes of somebody who left and is sent with `status_if_new`."""
    email = probe.contact("sent")
    sent = probe.send(email, status_if_new="subscribed")
    if not sent.taken:
        return {
            "status_if_new": _refusal(sent),
            "answer_status": NotShown("depends_on_another"),
        }
    status = probe.status(email)
    seen = "as_status" if status != "unsubscribed" else _of_a_new_contact(probe)
    return {"status_if_new": seen, "answer_status": _answered(sent, status)}


def _of_a_new_contact(probe: Probe) -> str:
    """Tell whether `status_if_new` is read at all: who is new gets that status by it."""
    sent = probe.send(probe.new_address(), status_if_new="unsubscribed", update=False)
    return (
        "honoured"
        if sent.contact.get("status", "unsubscribed") == "unsubscribed" and (sent.taken)
        else "ignored"
    )


def _answered(sent: Sent, status: str) -> str:
    told = sent.contact.get("status")
    if told is None:
        return "left_out"
    return "current" if told == status else "sent"


def omitted_status(probe: Probe) -> Mapping[str, Seen]:
    """Ask what becomes of somebody who left and is sent without any status."""
    email = probe.contact("bare")
    sent = probe.send(email)
    if not sent.taken:
        return {"omitted_status": _refusal(sent)}
    kept = probe.status(email) == "unsubscribed"
    return {"omitted_status": "keep" if kept else "subscribed"}


def status_of_known(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether a plain `status` is written on somebody who was unsubscribed by an API."""
    email = probe.contact("bare")
    if probe.status(email) != "unsubscribed":
        raise NotShownError("depends_on_another")
    sent = probe.send(email, status="subscribed")
    if not sent.taken:
        return {"status_of_known": sent.came}
    written = probe.status(email) != "unsubscribed"
    return {"status_of_known": "written" if written else "kept"}


def compliance(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether an address that mail bounced from can be subscribed, and how that is refused."""
    email = probe.contact("cleaned")
    if probe.status(email) != "cleaned":
        raise NotShownError("needs_a_person")
    sent = probe.send(email, status="subscribed")
    error = sent.error
    if error is None:
        status = probe.status(email)
        return {
            "compliance_of_cleaned": "enforced" if status == "cleaned" else "ignored",
            "compliance_sentence": NotShown("depends_on_another"),
        }
    code = classify_contact_error(error.error, error.error_code, error.field)
    known = code == "rejected_compliance"
    return {
        "compliance_of_cleaned": "enforced",
        "compliance_sentence": "recognised" if known else "not_recognised",
    }


def _refusal(sent: Sent) -> str:
    """Return how a contact was refused for its status; raises NotShownError for other reasons."""
    if sent.error is not None and not is_about_status(sent.error.field):
        raise NotShownError("mailchimp_refused")
    return sent.came
