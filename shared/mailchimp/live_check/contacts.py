"""Questions about what identifies a contact, and about where it is."""

from collections.abc import Mapping

import idna

from shared.addresses import canonical
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.live_check.probe import NotShownError, Probe
from shared.mailchimp.live_check.rows import NotShown, Seen


def new_address(probe: Probe) -> Mapping[str, Seen]:
    """Ask which source our contacts have, and whether an id survives a change of address."""
    first, second = probe.contact("moved"), probe.new_address()
    before = probe.look(first)
    source = str(before.get("source") or "")
    seen: dict[str, Seen] = {"api_source": source or NotShown("mailchimp_refused")}
    try:
        after = probe.client.update(probe.list_id, first, {"email_address": second})
    except RefusedError:
        after = None
    if after is None:
        return seen | {"contact_id_on_new_address": NotShown("mailchimp_refused")}
    probe.rename("moved", second)
    stayed = before.get("contact_id") == after.get("contact_id")
    return seen | {"contact_id_on_new_address": "kept" if stayed else "new"}


def idn_stored(probe: Probe) -> Mapping[str, Seen]:
    """Ask in which letters a domain beyond ASCII is stored."""
    forms = [_in_both_forms(probe.new_address()) for _ in range(2)]
    if forms[0] is None or forms[1] is None:
        raise NotShownError("domain_is_ascii")
    own, dns = forms[0][0], forms[1][1]
    stored = []
    for email in (own, dns):
        if not probe.send(email, status="unsubscribed").taken:
            raise NotShownError("mailchimp_refused")
        stored.append(str(probe.look(email).get("email_address")).isascii())
    match stored:
        case [False, True]:
            return {"idn_stored": "as_sent"}
        case [False, False]:
            return {"idn_stored": "unicode"}
        case _:
            return {"idn_stored": "ascii"}


def _in_both_forms(email: str) -> tuple[str, str] | None:
    """Return an address with its domain in its own letters and in those of DNS, if they differ."""
    local, _, domain = canonical(email).rpartition("@")
    if domain.isascii():
        return None
    try:
        return f"{local}@{domain}", f"{local}@{idna.encode(domain).decode()}"
    except idna.IDNAError:
        return None


def double_optin(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether an audience with double opt-in takes somebody as subscribed all the same."""
    if not probe.audience.double_optin:
        raise NotShownError("audience_without_double_optin")
    email = probe.new_address()
    if not probe.send(email, status="subscribed").taken:
        raise NotShownError("mailchimp_refused")
    pending = probe.status(email) == "pending"
    return {"double_optin": "enforced" if pending else "bypassed"}


def webhook_signing(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether Mailchimp gives a webhook a secret to sign with."""
    if probe.public_url is None:
        raise NotShownError("app_not_reachable")
    try:
        made = probe.client.create_webhook(probe.list_id, probe.names.webhook(probe.public_url))
    except RefusedError:
        raise NotShownError("app_not_reachable") from None
    return {"webhook_signing": "signed" if made.secret else "unsigned"}
