"""The routes of connections, their accounts and what Customer Insights has written."""

from shared.exports.access import Role
from shared.http.route import Route, api

ROUTES: dict[str, Route] = {
    "get_terms": api(
        *("GET", "terms", Role.VIEWER, "connections:get_terms"),
        "The data privacy terms",
        answer="answers.product:Terms",
        query={"language": "text"},
    ),
    "list_connections": api(
        *("GET", "connections", Role.VIEWER, "connections:list_all"),
        "The connections that the caller may know of",
        answer="answers.connections:ConnectionList",
    ),
    "get_connection": api(
        *("GET", "connections/{name}", Role.ADMINISTRATOR, "connections:get"),
        "One connection",
        answer="answers.connections:ConnectionView",
        etag=True,
    ),
    "put_connection": api(
        *("PUT", "connections/{name}", Role.ADMINISTRATOR, "connections:put"),
        "Create or replace a connection, give or withdraw consent",
        answer="answers.connections:ConnectionView",
        body="connections:Connection",
        etag=True,
        conditional=True,
        problems=(409,),
        other_answers=((201, "same"),),
    ),
    "delete_connection": api(
        *("DELETE", "connections/{name}", Role.ADMINISTRATOR, "connections:delete"),
        "Remove a connection",
        status=204,
        query={"exports": "what_then"},
        conditional=True,
        problems=(409,),
    ),
    "put_token": api(
        *("PUT", "connections/{name}/token", Role.ADMINISTRATOR, "tokens:put_token"),
        "Set the Mailchimp API key of a connection",
        status=204,
        body="tokens:ApiKey",
        waits_for_mailchimp=True,
    ),
    "authorize_connection": api(
        *("POST", "connections/{name}/authorize", Role.ADMINISTRATOR, "tokens:authorize"),
        "Begin to sign in with Mailchimp",
        answer="answers.connections:AuthorizeUrl",
        problems=(409,),
    ),
    "oauth_callback": api(
        *("GET", "oauth/callback", Role.ANYONE, "tokens:callback"),
        "Where Mailchimp sends the browser back to",
        query={"state": "text", "code": "text"},
        other_answers=((200, "text/html"), (400, "text/html"), (503, "text/html")),
    ),
    "confirm_connection": api(
        *("POST", "connections/{name}/confirm", Role.ADMINISTRATOR, "connections:confirm"),
        "Let a connection send to another Mailchimp account than before",
        body="connections:Confirmation",
        answer="answers.connections:ConnectionView",
        etag=True,
        problems=(409,),
    ),
    "verify_connection": api(
        *("POST", "connections/{name}/verify", Role.ADMINISTRATOR, "connections:verify"),
        "Check the token and the segment storage",
        body="connections:VerifyOptions",
        body_required=False,
        answer="answers.connections:Verification",
        waits_for_mailchimp=True,
    ),
    "list_audiences": api(
        *("GET", "connections/{name}/audiences", Role.CONTRIBUTOR, "connections:list_audiences"),
        "The audiences of a connection's account, with their merge fields",
        answer="answers.connections:AudienceList",
        problems=(403,),
        waits_for_mailchimp=True,
    ),
    "get_audience": api(
        *("GET", "connections/{name}/audiences/{id}", Role.CONTRIBUTOR, "audiences:get_audience"),
        "One audience: merge fields, interests, marketing permissions, and Mailchimp's languages",
        answer="answers.setup:AudienceDetail",
        problems=(403,),
        waits_for_mailchimp=True,
    ),
    "list_segments": api(
        *("GET", "segments", Role.CONTRIBUTOR, "segments:list_segments"),
        "The newest snapshot of every segment in a source folder",
        answer="answers.setup:SegmentsAnswer",
        query={"container": "text", "folder": "text", "name": "text"},
        query_required=frozenset({"folder"}),
        problems=(404,),
    ),
    "get_segment": api(
        *("GET", "segments/{name}", Role.CONTRIBUTOR, "segments:get_segment"),
        "One segment: snapshots, columns with masked samples, and the exports that send it",
        answer="answers.setup:SegmentDetail",
        query={"container": "text", "folder": "text"},
        query_required=frozenset({"folder"}),
    ),
}
