"""The simulator's own side: loading, looking, counting."""

import subprocess
import sys

import orjson
import pytest
import requests

from local.mailchimp.control import Account, Simulator
from tests.stand_ins.contract.api import Api, member

PERSON = "Person@Contoso.com"


def test_contacts_are_put_in_and_read_back_as_they_are(mailchimp: Simulator, list_id: str) -> None:
    contact = {
        "email": PERSON,
        "status": "unsubscribed",
        "compliance": True,
        "merge_fields": {"FNAME": "A", "PHONE": "1"},
        "tags": ["B", "A"],
        "timestamp": 1_600_000_000,
        "timestamp_opt": 1_500_000_000,
    }
    assert mailchimp.put_contacts(list_id, [contact]) == 1
    found = mailchimp.contacts(list_id)[PERSON.lower()]
    assert found.email == PERSON
    assert found.compliance == "unsubscribed"
    assert found.essence == ("unsubscribed", {"FNAME": "A", "PHONE": "1"}, frozenset("AB"))
    assert found.timestamp_opt == "2017-07-14T02:40:00+00:00"
    assert found.last_changed == "2020-09-13T12:26:40+00:00"


def test_many_contacts_are_made_within_and_summed_up(mailchimp: Simulator, list_id: str) -> None:
    mailchimp.generate_contacts(list_id, 30_000, merge_fields={"FNAME": "N{n}"}, tags=["A"])
    summary = mailchimp.summary(list_id)
    assert summary.contacts == 30_000
    assert (summary.by_status, summary.by_tag) == ({"subscribed": 30_000}, {"A": 30_000})
    assert sum(1 for _ in mailchimp.iter_contacts(list_id)) == 30_000


def test_equal_audiences_have_equal_digests(mailchimp: Simulator, account: Account) -> None:
    people = [{"email": f"p{n}@contoso.com", "tags": ["A"] if n % 2 else []} for n in range(10)]
    first, second = mailchimp.add_list(account, "1"), mailchimp.add_list(account, "2")
    mailchimp.put_contacts(first, people)
    mailchimp.put_contacts(second, people[::-1])
    assert mailchimp.summary(first).digest == mailchimp.summary(second).digest
    mailchimp.remove_tag(second, "p1@contoso.com", "A")
    assert mailchimp.summary(first).digest != mailchimp.summary(second).digest


def test_every_call_is_written_down_in_order(
    mailchimp: Simulator, account: Account, api: Api
) -> None:
    api.get("/ping", fields="health_status")
    api.subscribe(member(PERSON))
    api.call("GET", "/nothing")
    ping, bulk, nothing = mailchimp.calls()
    assert (ping.method, ping.path, ping.query) == ("GET", "/ping", "fields=health_status")
    assert (bulk.members, bulk.status, bulk.writes) == (1, 200, True)
    assert nothing.status == 404
    assert ping.ended <= bulk.started <= bulk.ended
    assert {call.key_id for call in (ping, bulk)} == {account.key_id}
    assert [call.number for call in mailchimp.calls(since=bulk.number)] == [nothing.number]
    stats = mailchimp.stats()
    assert stats.by_route == {"GET /ping": 1, "POST /lists/*": 1, "GET /nothing": 1}
    assert (stats.calls, stats.max_in_flight, stats.refused) == (3, 1, 0)
    mailchimp.reset_log()
    assert mailchimp.calls() == []


def test_bodies_are_kept_if_so_switched(mailchimp: Simulator, api: Api) -> None:
    api.subscribe(member(PERSON))
    mailchimp.set(record_bodies=True)
    api.subscribe(member(PERSON))
    without, with_body = mailchimp.calls()
    assert without.body is None
    assert with_body.body["members"] == [member(PERSON)]


def test_an_unknown_switch_is_refused(mailchimp: Simulator) -> None:
    with pytest.raises(ValueError, match="no such switch: nope"):
        mailchimp.set(nope=1)
    with pytest.raises(ValueError, match="inline_tags is one of applied, new_only, late, ignored"):
        mailchimp.set(inline_tags="sometimes")


def test_webhooks_are_kept(api: Api) -> None:
    path = f"{api.list}/webhooks"
    made = api.call("POST", path, {"url": "https://hooks.invalid/a"}).json()
    assert api.call("POST", path, {"url": "https://hooks.invalid/a"}).status_code == 400
    assert api.get(path)["total_items"] == 1
    assert api.call("DELETE", f"{path}/{made['id']}").status_code == 204
    assert api.get(path)["webhooks"] == []


def test_it_runs_as_a_program_and_ends_when_told() -> None:
    command = [sys.executable, "-m", "local.mailchimp", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = orjson.loads(process.stdout.readline())["url"]
        assert requests.get(f"{url}/3.0/ping", timeout=30).status_code == 401
        process.terminate()
        assert process.wait(timeout=30) == 0
