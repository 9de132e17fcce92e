"""Drift over HTTP: what is told of it, who may choose, and what can't be chosen."""

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.bootstrap import build_app
from shared.drift.items import Look, Seen
from shared.drift.looking import OF_RUNS
from shared.drift.store import DriftStore
from shared.exports import store
from shared.platform.settings import Settings
from tests.services.http.conftest import Caller, Place, signed_in, wrong_fields

SEEN = (
    Seen(code="tag_renamed", subject="7", params={"given": "A", "found": "B"}, may_put_back=True),
    Seen(code="contacts_unsubscribed", subject="x", count=3),
)


@pytest.fixture
def path(stack: Stack, connected: Place, export: str) -> str:
    """The path of an export's drift: a tag was renamed, and three people have unsubscribed."""
    app = build_app(Settings.from_environment(stack.settings))
    found = store.load_export(app.blobs, export)
    assert found is not None
    kept = DriftStore(app.blobs, connected.account.account_id, found[0].audience_id)
    kept.take_in(found[0].uid, Look(seen=SEEN), OF_RUNS)
    return f"exports/{export}/drift"


def test_an_export_of_which_nothing_is_known_has_an_empty_list(call: Caller, export: str) -> None:
    told = call("GET", f"exports/{export}/drift").json()
    assert told == {"items": [], "looked_at": None, "next": None}
    assert call("POST", f"exports/{export}/drift/x-1", {"choice": "note"}).status_code == 404


def test_items_are_listed_page_by_page_and_chosen_for(call: Caller, path: str, export: str) -> None:
    first = call("GET", f"{path}?limit=1").json()
    rest = call("GET", f"{path}?limit=1&after={first['next']}").json()
    people, tag = [*first["items"], *rest["items"]] if rest["next"] is None else []
    if people["code"] == "tag_renamed":
        people, tag = tag, people

    refused = call("POST", f"{path}/{people['id']}", {"choice": "put_back"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_offered")
    assert wrong_fields(call("POST", f"{path}/{tag['id']}", {"choice": "x"})) == ["choice"]
    noted = call("POST", f"{path}/{tag['id']}", {"choice": "put_back"}).json()
    assert (noted["choice"], noted["done_at"]) == ("put_back", None)
    left = call("POST", f"{path}/{people['id']}", {"choice": "leave"})
    assert (left.status_code, left.json()["choices"]) == (200, [])
    again = call("POST", f"{path}/{people['id']}", {"choice": "note"})
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert [one["code"] for one in call("GET", path).json()["items"]] == ["tag_renamed"]

    entries = call("GET", f"exports/{export}/history").json()["items"]
    told = [one["changes"] for one in entries if one["kind"] == "drift"]
    assert told == [
        [{"member": "contacts_unsubscribed", "old": None, "new": "leave"}],
        [{"member": "tag_renamed", "old": None, "new": "put_back"}],
    ]


def test_a_viewer_looks_and_chooses_nothing(path: str, entra_host: HostProcess) -> None:
    viewer = signed_in(entra_host, "Viewer")
    (item, _) = viewer("GET", path).json()["items"]
    assert viewer("POST", f"{path}/{item['id']}", {"choice": "note"}).status_code == 403
