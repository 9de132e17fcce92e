"""The account itself: GET /, /ping, /authorized-apps."""

from ..fields import Selection
from ..links import resource_links
from ..requests import Answer, Request, iso


def get_root(request: Request) -> Answer:
    """The account that the key belongs to."""
    login, world = request.login, request.world
    account = login.account
    audiences = [world.audiences[list_id] for list_id in account.list_ids]
    body: dict[str, object] = {
        "account_id": account.id,
        "login_id": login.user_id,
        "account_name": account.name,
        "email": request.switches.account_email,
        "first_name": "Account",
        "last_name": "Owner",
        "username": login.user_id,
        "avatar_url": "",
        "role": login.role,
        "member_since": iso(1_600_000_000),
        "pricing_plan_type": "monthly",
        "first_payment": iso(1_600_000_000),
        "account_timezone": "UTC",
        "account_industry": "",
        "contact": dict.fromkeys(
            ("company", "addr1", "addr2", "city", "state", "zip", "country"), ""
        ),
        "pro_enabled": False,
        "last_login": iso(request.now),
        "total_subscribers": sum(audience.counts["subscribed"] for audience in audiences),
        "industry_stats": {"open_rate": 0.0, "bounce_rate": 0.0, "click_rate": 0.0},
        "_links": resource_links(account.dc, "/", "/", "Root"),
    }
    return Answer(Selection.of(request.query).apply(body), "Root")


def ping(request: Request) -> Answer:
    """Whether the key and the service work."""
    del request
    return Answer({"health_status": "Everything's Chimpy!"}, "Ping")


def authorized_apps(request: Request) -> Answer:
    """The apps with access to the account."""
    app = {
        "id": 1,
        "name": "Segment export",
        "description": "",
        "users": [request.login.user_id],
    }
    body = {"apps": [app], "total_items": 1}
    return Answer(Selection.of(request.query).apply(body), "AuthorizedApps/CollectionResponse")
