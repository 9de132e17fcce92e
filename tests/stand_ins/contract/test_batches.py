"""/batches: one at a time per account, results as a gzipped tar of JSON strings."""

import io
import json
import tarfile
from typing import Any

import requests

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, member
from tests.stand_ins.contract.waiting import until


def submit(api: Api, *operations: dict[str, Any]) -> Any:
    """A new batch as Mailchimp answers it."""
    response = api.call("POST", "/batches", {"operations": list(operations)})
    assert response.status_code == 200, response.text
    return response.json()


def finished(api: Api, batch_id: str) -> Any:
    """The batch when all is done."""
    until(lambda: api.get(f"/batches/{batch_id}")["status"] == "finished")
    return api.get(f"/batches/{batch_id}")


def put(api: Api, email: str) -> dict[str, Any]:
    """An operation that subscribes somebody."""
    body = json.dumps(member(email, status_if_new="subscribed"))
    return {"method": "PUT", "path": api.contact(email), "body": body, "operation_id": email}


def test_a_new_batch_has_counted_nothing_yet(api: Api) -> None:
    made = submit(api, {"method": "GET", "path": "/ping"})
    assert (made["status"], made["total_operations"]) == ("pending", 0)
    assert (made["completed_at"], made["response_body_url"]) == ("", "")


def test_operations_are_done_and_their_results_packed(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    made = submit(api, put(api, "a@contoso.com"), put(api, "b@example.com"))
    done = finished(api, made["id"])
    assert (done["total_operations"], done["finished_operations"]) == (2, 2)
    assert done["errored_operations"] == 1
    assert set(mailchimp.contacts(list_id)) == {"a@contoso.com"}
    packed = requests.get(done["response_body_url"], timeout=30).content
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        folder, entry = archive.getmembers()
        content = archive.extractfile(entry)
        assert content is not None
        results = {one["operation_id"]: one for one in json.load(content)}
    assert (folder.name, folder.isdir()) == (".", True)
    assert results["a@contoso.com"]["status_code"] == 200
    assert results["b@example.com"]["status_code"] == 400
    assert json.loads(results["b@example.com"]["response"])["title"] == "Invalid Resource"


def test_one_batch_runs_at_a_time(mailchimp: Simulator, api: Api) -> None:
    mailchimp.set(batch_phase_seconds=0.1)
    ids = [submit(api, {"method": "GET", "path": "/ping"})["id"] for _ in range(2)]
    until(lambda: api.get(f"/batches/{ids[0]}")["status"] == "started")
    assert api.get(f"/batches/{ids[1]}")["status"] == "pending"
    finished(api, ids[1])


def test_a_deleted_batch_stops(mailchimp: Simulator, api: Api, list_id: str) -> None:
    mailchimp.set(batch_phase_seconds=0.1)
    stopped = submit(api, put(api, "a@contoso.com"))["id"]
    assert api.call("DELETE", f"/batches/{stopped}").status_code == 204
    finished(api, submit(api, put(api, "b@contoso.com"))["id"])
    assert set(mailchimp.contacts(list_id)) == {"b@contoso.com"}
    assert api.call("GET", f"/batches/{stopped}").status_code == 404


def test_there_are_at_most_five_hundred_pending_ones(mailchimp: Simulator, api: Api) -> None:
    # Long enough that none of them goes on meanwhile, on however slow a machine.
    mailchimp.set(batch_phase_seconds=60)
    for _ in range(500):
        last = submit(api, {"method": "GET", "path": "/ping"})
    refused = api.call("POST", "/batches", {"operations": [{"method": "GET", "path": "/ping"}]})
    assert refused.status_code == 429
    for one in api.get("/batches", count=1000)["batches"]:
        api.call("DELETE", f"/batches/{one['id']}")
    assert last["status"] == "pending"
