"""Audiences: GET /lists and /lists/{id}, with figures that are minutes old."""

import time

from ..audience import Audience
from ..fields import Selection
from ..links import resource_links
from ..requests import Answer, Request, iso

_MOST = 10_000


def get_lists(request: Request) -> Answer:
    """The account's audiences, page by page."""
    offset, count = request.page()
    ids = request.login.account.list_ids
    shown = [_list(request, request.world.audiences[one]) for one in ids[offset : offset + count]]
    body = {
        "lists": shown,
        "total_items": len(ids),
        "constraints": {
            "may_create": True,
            "max_instances": _MOST,
            "current_total_instances": len(ids),
        },
    }
    return Answer(Selection.of(request.query).apply(body), "Lists/CollectionResponse")


def get_list(request: Request, list_id: str) -> Answer:
    """One audience."""
    body = _list(request, request.audience(list_id))
    return Answer(Selection.of(request.query).apply(body), "Lists/Response")


def _list(request: Request, audience: Audience) -> dict[str, object]:
    stats = _stats(audience, request.switches.stats_stale_seconds)
    if not request.flag("include_total_contacts"):
        stats = {name: value for name, value in stats.items() if name != "total_contacts"}
    subscribe = f"https://subscribe.invalid/{audience.id}"
    return {
        "id": audience.id,
        "web_id": audience.web_id,
        "name": audience.name,
        "contact": dict.fromkeys(
            ("company", "address1", "address2", "city", "state", "zip", "country", "phone"), ""
        ),
        "permission_reminder": "You signed up on our website.",
        "use_archive_bar": False,
        "campaign_defaults": {"from_name": "", "from_email": "", "subject": "", "language": "en"},
        "notify_on_subscribe": "",
        "notify_on_unsubscribe": "",
        "date_created": iso(audience.created),
        "list_rating": 0,
        "email_type_option": False,
        "subscribe_url_short": subscribe,
        "subscribe_url_long": subscribe,
        "beamer_address": "",
        "visibility": "prv",
        "double_optin": audience.double_optin,
        "has_welcome": False,
        "marketing_permissions": audience.marketing_permissions,
        "modules": [],
        "stats": stats,
        "_links": resource_links(audience.dc, f"/lists/{audience.id}", "/lists", "Lists"),
    }


def _stats(audience: Audience, stale_seconds: float) -> dict[str, object]:
    """Mailchimp caches these for at least five minutes: nobody may rely on them at once."""
    if time.monotonic() - audience.stats_read_at >= stale_seconds:
        audience.stats_read_at = time.monotonic()
        counts = audience.counts
        audience.stats = {
            "member_count": counts["subscribed"],
            "total_contacts": sum(counts.values()) - counts["archived"],
            "unsubscribe_count": counts["unsubscribed"],
            "cleaned_count": counts["cleaned"],
            "member_count_since_send": 0,
            "unsubscribe_count_since_send": 0,
            "cleaned_count_since_send": 0,
            "campaign_count": 0,
            "campaign_last_sent": "",
            "merge_field_count": len(audience.merge_fields),
            "avg_sub_rate": 0,
            "avg_unsub_rate": 0,
            "target_sub_rate": 0,
            "open_rate": 0,
            "click_rate": 0,
            "last_sub_date": "",
            "last_unsub_date": "",
        }
    return audience.stats
