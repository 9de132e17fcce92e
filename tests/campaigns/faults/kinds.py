"""Names what a request does, so that the same step of two runs has the same name."""

import re
from urllib.parse import parse_qs, unquote

from tests.campaigns.faults.messages import Message

_CONTAINER = "segment-export"
_RULES = (
    (r"^runs/[^/]+/[^/]+-\d{8}T\d{6}Z-[0-9a-f]+/", "runs/{run}/"),
    (r"^(runs/_active|exports/_last)/.+", r"\1/{export}"),
    (r"/plans/[0-9a-f]+/", "/plans/{attempt}/"),
    (r"/chunks/\d+", "/chunks/{n}"),
    (r"/outcomes/.+", "/outcomes/{code}.csv"),
    (r"slots/[^/]+/\d+$", "slots/{n}"),
    (r"slots/[^/]+/people/slot$", "slots/people"),
    (r"slots/[^/]+/runs/.+?(\.stop)?$", r"slots/runs/{run}\1"),
    (r"slots/[^/]+/leaving/.+", "slots/leaving/{run}"),
    (r"slots/[^/]+/waiting/.+", "slots/waiting/{id}"),
    (r"ledgers/[^/]+/[^/]+/[0-9a-f-]{32,36}/ledger\.json", "ledgers/{uid}/ledger.json"),
    (r"ledgers/[^/]+/[^/]+/[0-9a-f-]{32,36}/.+", "ledgers/{uid}/table"),
    (r"ledgers/[^/]+/[^/]+/", "ledgers/{audience}/"),
    (r"suppressions/[^/]+/[^/]+/", "suppressions/"),
    (r"^(connections|exports)/[^/]+$", r"\1/{name}"),
    (r"^index/(exports|last-runs)/\d+\.json$", r"index/\1/{n}"),
    (r"^index/runs/.+", "index/runs/{run}"),
    (r"^audiences/[^/]+/[^/]+/(made|people)/.+", r"audiences/\1/{table}"),
    (r"^audiences/[^/]+/[^/]+/", "audiences/"),
    (r"^erasures/([^/]+)/.+", r"erasures/\1/{id}"),
)
_NAMES = tuple((re.compile(pattern), name) for pattern, name in _RULES)
_PATHS = (
    (re.compile(r"/lists/[^/]+"), "/lists/{id}"),
    (re.compile(r"/(segments|merge-fields)/[^/]+"), r"/\1/{id}"),
    (re.compile(r"/members/[^/]+"), "/members/{hash}"),
)
# Steps of the product that change something outside the process.
_STEPS = ("write ", "append ", "create ", "delete ", "metadata ", "acquire ", "release ", "send ")
# The tick writes these when it is time, whatever runs do.
_OF_NO_RUN = ("write runs/_retention", "write index/tick.json")


def kind_of(service: str, request: Message) -> str:
    """Return what a request to `blob`, `queue` or `mailchimp` does, such as `append …`.

    What only the Functions host does begins with `host`.
    """
    method, target = request.words[0], request.words[1]
    path, _, query = target.partition("?")
    match service:
        case "blob":
            return _of_blob(method, unquote(path), parse_qs(query), request.headers)
        case "queue":
            return _of_queue(method, path)
        case _:
            return f"call {method} {_call_path(path)}"


def is_step(kind: str) -> bool:
    """Return whether this changes storage for a run, or is a call to Mailchimp."""
    return kind not in _OF_NO_RUN and kind.startswith((*_STEPS, "call "))


def _of_blob(method: str, path: str, query: dict[str, list[str]], headers: dict[str, str]) -> str:
    _, _, container, *rest = path.split("/", 3)
    name = rest[0] if rest else ""
    if container != _CONTAINER:
        return f"host {method}" if container.startswith("azure-webjobs") else f"source {method}"
    what = next((query[key][0] for key in ("comp",) if key in query), "")
    for pattern, replacement in _NAMES:
        name = pattern.sub(replacement, name)
    name = re.sub(r"[0-9a-f]{8,}|\d+", "#", name) if "suppressions" in name else name
    match method, what:
        case "PUT", "lease":
            return f"{headers.get('x-ms-lease-action', '').lower()} {name}"
        case "PUT", "metadata":
            return f"metadata {name}"
        case "PUT", "appendblock":
            return f"append {name}"
        case "PUT", _:
            is_append = headers.get("x-ms-blob-type", "").lower() == "appendblob"
            return f"{'create' if is_append else 'write'} {name}"
        case "DELETE", _:
            return f"delete {name}"
        case _:
            return f"list {name}" if what == "list" else f"read {name}"


def _of_queue(method: str, path: str) -> str:
    parts = path.strip("/").split("/")
    sends = method == "POST" and parts[-1] == "messages"
    if sends and not parts[-2].endswith("-poison"):
        return f"send {parts[-2]}"
    return f"host {method} queue"


def _call_path(path: str) -> str:
    path = "/" + path.split("/", 3)[-1]
    for pattern, replacement in _PATHS:
        path = pattern.sub(replacement, path)
    return path.removeprefix("/3.0")
