"""Questions about archived contacts: what they count as, and what changes as they return."""

from collections.abc import Mapping

from shared.mailchimp.answers import read_moment
from shared.mailchimp.live_check.probe import OPTED_AT, NotShownError, Probe
from shared.mailchimp.live_check.rows import Seen


def on_return(probe: Probe) -> Mapping[str, Seen]:
    """Ask how somebody is answered whom a plain `status` brings back, and whether times move."""
    email = probe.contact("archived")
    probe.archive(email)
    sent = probe.send(email, status="subscribed")
    after = probe.look(email)
    if not sent.taken or after.get("status") == "archived":
        raise NotShownError("mailchimp_refused")
    stayed = read_moment(str(after.get("timestamp_opt") or "")) == read_moment(OPTED_AT)
    return {"archived_answer": sent.came, "times_on_return": "kept" if stayed else "moved"}


def for_status_if_new(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether an archived contact counts as new for `status_if_new`."""
    probe.needs("status_if_new", "honoured")
    return {"archived_for_status_if_new": _counts_as(probe, status_if_new="unsubscribed")}


def for_create_only(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether an archived contact counts as new for a call that may only create."""
    seen = _counts_as(probe, update=False, status="unsubscribed")
    return {"archived_for_create_only": seen}


def for_no_status(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether an archived contact counts as new for an update without any status."""
    probe.needs("omitted_status", "keep")
    return {"archived_for_no_status": _counts_as(probe)}


def _counts_as(probe: Probe, *, update: bool = True, **members: object) -> str:
    email = probe.contact("archived")
    probe.archive(email)
    probe.send(email, update=update, **members)
    return "known" if probe.status(email) == "archived" else "new"
