"""Groups of an audience (Mailchimp calls them interest categories), and the interests of each."""

from .. import problems
from ..audience import Audience
from ..fields import Selection
from ..interests import Interest, held
from ..requests import Answer, Request

_SCHEMA = "Lists/InterestCategories/CollectionResponse"
_INTERESTS = "Lists/InterestCategories/Interests/CollectionResponse"


def get_categories(request: Request, list_id: str) -> Answer:
    """The groups, ten unless `count` says more."""
    audience = request.audience(list_id)
    offset, count = request.page()
    groups = {one.group_id: one for one in audience.interests.values()}
    shown = [
        {
            "list_id": list_id,
            "id": one.group_id,
            "title": one.group,
            "display_order": number,
            "type": one.kind,
        }
        for number, one in enumerate(groups.values())
    ]
    body = {
        "list_id": list_id,
        "categories": shown[offset : offset + count],
        "total_items": len(shown),
    }
    return Answer(Selection.of(request.query).apply(body), _SCHEMA)


def get_interests(request: Request, list_id: str, group_id: str) -> Answer:
    """The interests of a group."""
    audience = request.audience(list_id)
    offset, count = request.page()
    found = [one for one in audience.interests.values() if one.group_id == group_id]
    if not found:
        raise problems.not_found()
    body = {
        "list_id": list_id,
        "category_id": group_id,
        "interests": [_shown(audience, one) for one in found[offset : offset + count]],
        "total_items": len(found),
    }
    return Answer(Selection.of(request.query).apply(body), _INTERESTS)


def _shown(audience: Audience, interest: Interest) -> dict[str, object]:
    having = sum(interest.id in held(one) for one in audience.contacts.values())
    return {
        "category_id": interest.group_id,
        "list_id": audience.id,
        "id": interest.id,
        "name": interest.name,
        "subscriber_count": str(having),
        "display_order": 0,
    }
