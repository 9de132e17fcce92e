"""The `_links` of answers: a good part of Mailchimp's bytes, so they are made once."""

from functools import lru_cache

import orjson

SCHEMA = "https://{dc}.api.mailchimp.com/schema/3.0/{name}.json"
API = "https://{dc}.api.mailchimp.com/3.0"
_MARK = "0MEMBER0HASH0"


def link(dc: str, rel: str, path: str, method: str, schema: str) -> dict[str, str]:
    """One link; DELETE and actions have no target schema."""
    found = {"rel": rel, "href": API.format(dc=dc) + path, "method": method}
    if schema:
        found["targetSchema"] = SCHEMA.format(dc=dc, name="Definitions/" + schema)
    return found


def member_links(dc: str, list_id: str, digest: str) -> orjson.Fragment:
    """The links of one contact; `digest` is the md5 of its address."""
    return orjson.Fragment(digest.encode().join(_member_parts(dc, list_id)))


@lru_cache(maxsize=256)
def _member_parts(dc: str, list_id: str) -> list[bytes]:
    at = f"/lists/{list_id}/members"
    one = f"{at}/{_MARK}"
    member = "Lists/Members/Response"
    links = [
        link(dc, "self", one, "GET", member),
        link(dc, "parent", at, "GET", "Lists/Members/CollectionResponse"),
        link(dc, "update", one, "PATCH", member),
        link(dc, "upsert", one, "PUT", member),
        link(dc, "delete", one, "DELETE", ""),
        link(dc, "activity", one + "/activity", "GET", "Lists/Members/Activity/Response"),
        link(dc, "goals", one + "/goals", "GET", "Lists/Members/Goals/Response"),
        link(dc, "notes", one + "/notes", "GET", "Lists/Members/Notes/CollectionResponse"),
        link(dc, "events", one + "/events", "POST", "Lists/Members/Events/POST"),
        link(dc, "delete_permanent", one + "/actions/delete-permanent", "POST", ""),
    ]
    return orjson.dumps(links).split(_MARK.encode())


@lru_cache(maxsize=1024)
def resource_links(dc: str, path: str, parent: str, schema: str) -> orjson.Fragment:
    """The links of any other resource."""
    return orjson.Fragment(
        orjson.dumps(
            [
                link(dc, "self", path, "GET", schema + "/Response"),
                link(dc, "parent", parent, "GET", schema + "/CollectionResponse"),
            ]
        )
    )
