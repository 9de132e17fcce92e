"""Questions about values of merge fields that Mailchimp can't take as they are."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.mailchimp import answers
from shared.mailchimp.live_check.probe import Probe
from shared.mailchimp.live_check.rows import Seen

_LONG = "x" * 300


class _Tried(NamedTuple):
    """A value of a merge field of some type, on a contact of the cast."""

    letter: str
    type: str
    options: Mapping[str, Any]
    part: str
    value: str


# In a field that shows the day first, this is the last of December for whoever takes months first.
_BIRTHDAY = _Tried("B", "birthday", {"date_format": "DD/MM"}, "moved", "12/31")
_NUMBER = _Tried("N", "number", {}, "sent", "no number")
_TEXT = _Tried("T", "text", {}, "bare", _LONG)


def unusable_values(probe: Probe) -> Mapping[str, Seen]:
    """Ask what becomes of a wrong value, of a long text, and of a birthday."""
    members: list[Mapping[str, Any]] = []
    for tried in (_NUMBER, _TEXT, _BIRTHDAY):
        tag = probe.names.merge_tag(tried.letter)
        probe.client.create_merge_field(
            probe.list_id, tag, "Live check", tried.type, tried.options or None
        )
        email = probe.contact(tried.part)
        values = {tag: tried.value}
        member = {"email_address": email, "status": "unsubscribed", "merge_fields": values}
        members.append(member)
    document = probe.client.subscribe(probe.list_id, members)()
    refused = {error.email.lower() for error in document.errors}
    held = {
        answers.text(one, "email_address").lower(): one.get("merge_fields") or {}
        for one in (*document.new, *document.updated)
    }

    def kept(tried: _Tried) -> str | None:
        """Return the value that a contact has now, None where it was refused."""
        email = probe.contact(tried.part).lower()
        if email in refused:
            return None
        return str(held.get(email, {}).get(probe.names.merge_tag(tried.letter), ""))

    number, text = kept(_NUMBER), kept(_TEXT)
    return {
        "bad_merge_values": "error"
        if number is None
        else "dropped_silently"
        if not number
        else "kept",
        "long_text": "error" if text is None else "cut" if len(text) < len(_LONG) else "kept",
        "birthday_input": "as_shown" if kept(_BIRTHDAY) is None else "month_first",
    }
