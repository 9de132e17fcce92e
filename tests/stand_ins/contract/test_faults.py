"""Calls that fail on purpose: what the caller sees, and whether the work was done."""

from typing import Any

import pytest
import requests

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, member

PERSON = "person@contoso.com"
WRITES = r"^POST /lists/[^/]+$"
MEMBERS = {"members": [member(PERSON)]}


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "has_body"),
    [
        ("400", 400, "application/problem+json", True),
        ("401", 401, "application/problem+json", True),
        ("403_json", 403, "application/problem+json", True),
        ("429", 429, "application/problem+json", True),
        ("429_bodyless", 429, None, False),
        ("403_bodyless", 403, None, False),
        ("403_html", 403, "text/html", True),
        ("404_bodyless", 404, None, False),
        ("500", 500, "application/problem+json", True),
        ("502_html", 502, "text/html", True),
        ("503", 503, "application/problem+json", True),
        ("503_compliance", 503, "application/problem+json", True),
        ("504_html", 504, "text/html", True),
    ],
)
@pytest.mark.parametrize("after_work", [False, True])
def test_a_failing_answer_comes_before_or_after_the_work(
    mailchimp: Simulator,
    api: Api,
    list_id: str,
    kind: str,
    status: int,
    content_type: str | None,
    has_body: bool,
    after_work: bool,
) -> None:
    mailchimp.fail_next(WRITES, kind, after_work=after_work)
    response = api.call("POST", api.list, MEMBERS)
    assert response.status_code == status
    assert bool(response.content) == has_body
    assert "Retry-After" not in response.headers
    if content_type:
        assert response.headers["Content-Type"].startswith(content_type)
    assert (PERSON in mailchimp.contacts(list_id)) == after_work
    call = mailchimp.calls()[-1]
    assert (call.fault, call.status, call.worked) == (kind, status, after_work)
    assert api.call("POST", api.list, MEMBERS).status_code == 200


@pytest.mark.parametrize(
    ("kind", "worked"),
    [("reset_before", False), ("reset_after_work", True), ("truncated_answer", True)],
)
def test_a_connection_breaks_before_or_after_the_work(
    mailchimp: Simulator, api: Api, list_id: str, kind: str, worked: bool
) -> None:
    mailchimp.fail_next(WRITES, kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.call("POST", api.list, MEMBERS)
    assert (PERSON in mailchimp.contacts(list_id)) == worked
    assert mailchimp.calls()[-1].worked == worked


def test_an_answer_loses_its_middle_after_the_work(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    mailchimp.fail_next(WRITES, "garbled_answer")
    response = api.call("POST", api.list, MEMBERS)
    assert response.status_code == 200
    assert (response.content[:1], response.content[-1:]) == (b"{", b"}")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()
    assert PERSON in mailchimp.contacts(list_id)


@pytest.mark.parametrize("answer", ["504_html", "502_html", "close"])
@pytest.mark.parametrize("work", ["none", "at_once", "at_cutoff"])
def test_a_call_times_out_with_or_without_its_work(
    mailchimp: Simulator, api: Api, list_id: str, answer: str, work: str
) -> None:
    mailchimp.set(base_seconds=1.0, cutoff_seconds=0.05, timeout_work=work, timeout_answer=answer)
    if answer == "close":
        with pytest.raises(requests.ConnectionError):
            api.call("POST", api.list, MEMBERS)
    else:
        assert api.call("POST", api.list, MEMBERS).status_code == int(answer[:3])
    assert (PERSON in mailchimp.contacts(list_id)) == (work != "none")


def test_a_size_always_times_out(mailchimp: Simulator, api: Api) -> None:
    mailchimp.always_timeout_above(2, cutoff_seconds=0.05)
    three = {"members": [member(f"p{n}@contoso.com") for n in range(3)]}
    for _ in range(2):
        assert api.call("POST", api.list, three).status_code == 504
    two = {"members": three["members"][:2]}
    assert api.call("POST", api.list, two).status_code == 200


def statuses(api: Api, count: int) -> list[int]:
    """The statuses of so many equal calls."""
    return [api.call("POST", api.list, MEMBERS).status_code for _ in range(count)]


class TestRules:
    """Which calls a rule strikes."""

    def test_it_strikes_so_often(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.fail_next(WRITES, "500", times=2)
        assert statuses(api, 3) == [500, 500, 200]

    def test_it_lets_some_through_first(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.fail_next(WRITES, "500", after=2)
        assert statuses(api, 4) == [200, 200, 500, 200]

    def test_it_strikes_for_ever_until_cleared(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.fail_next(WRITES, "500", times=None)
        assert statuses(api, 3) == [500] * 3
        assert mailchimp.clear_faults() == [3]
        assert statuses(api, 1) == [200]

    def test_its_dice_fall_the_same_way_every_time(self, mailchimp: Simulator, api: Api) -> None:
        rolls = []
        for _ in range(2):
            mailchimp.fail_next(WRITES, "500", times=None, probability=0.5, seed=7)
            rolls.append(statuses(api, 20))
            mailchimp.clear_faults()
        assert rolls[0] == rolls[1]
        assert set(rolls[0]) == {200, 500}

    def test_it_strikes_large_calls_alone(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.fail_next(WRITES, "500", times=None, min_members=2)
        assert statuses(api, 1) == [200]

    def test_it_looks_at_method_and_path(self, mailchimp: Simulator, api: Api) -> None:
        mailchimp.fail_next("GET /ping", "500")
        assert statuses(api, 1) == [200]
        assert api.call("GET", "/ping").status_code == 500

    @pytest.mark.parametrize("wrong", [{"kind": "such"}, {"match": "(", "kind": "500"}])
    def test_a_wrong_rule_is_refused(self, mailchimp: Simulator, wrong: Any) -> None:
        with pytest.raises(ValueError, match="ValueError: no "):
            mailchimp.fail_next(**({"match": "x"} | wrong))
