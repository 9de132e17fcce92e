"""Questions about tags: those inside of bulk calls, and the bulk call that tags."""

from collections.abc import Mapping

from shared.mailchimp.errors import RefusedError
from shared.mailchimp.live_check.probe import NotShownError, Probe
from shared.mailchimp.live_check.rows import NotShown, Seen


def inline_tags(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether `tags` of a bulk call are given, to a contact that exists, beside its others."""
    first, second = probe.names.tag("a"), probe.names.tag("b")
    email = probe.new_address()

    def held() -> set[str]:
        tags = probe.look(email).get("tags")
        return {str(tag.get("name")) for tag in tags} if isinstance(tags, list) else set()

    for tag in (first, second):
        if not probe.send(email, status="unsubscribed", tags=[tag]).taken:
            raise NotShownError("mailchimp_refused")
    if second in (at_once := held()):
        kept = "kept" if first in at_once else "replaced"
        return {"inline_tags": "applied", "other_tags": kept}
    if probe.await_(lambda: {first, second} <= held()):
        return {"inline_tags": "late", "other_tags": "kept"}
    seen = "new_only" if first in at_once else "ignored"
    return {"inline_tags": seen, "other_tags": NotShown("depends_on_another")}


def bulk_tagging(probe: Probe) -> Mapping[str, Seen]:
    """Ask how strangers, and contacts that have the tag already, are answered."""
    tag = probe.client.create_tag(probe.list_id, probe.names.tag("c"))
    known, stranger = probe.contact("bare"), probe.new_address()
    first = probe.client.change_tag(probe.list_id, tag.id, [known, stranger])
    again = probe.client.change_tag(probe.list_id, tag.id, [known])
    return {
        "unknown_in_segment": "errors" if first.errors else "ignored",
        "repeated_tag_answer": "listed" if again.added else "left_out",
    }


def segment_names(probe: Probe) -> Mapping[str, Seen]:
    """Ask whether a tag can have the name of a segment that is made of conditions."""
    name = probe.names.tag("d")
    condition = {
        "condition_type": "EmailAddress",
        "field": "EMAIL",
        "op": "contains",
        "value": probe.names.mark,
    }
    body = {"name": name, "options": {"match": "all", "conditions": [condition]}}
    probe.client.call("POST", f"/lists/{probe.list_id}/segments", body=body)
    try:
        probe.client.create_tag(probe.list_id, name)
    except RefusedError:
        return {"segment_names": "shared"}
    return {"segment_names": "apart"}
