"""The record of processing is what is configured, with nothing said that nobody has stated."""

from typing import Any

from local.stack import Stack
from tests.services.http.conftest import NOTHING_RUNS, Caller, Place

RECORD = "records-of-processing"


def record(call: Caller) -> dict[str, Any]:
    answer = call("GET", RECORD)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_is_configured_is_recorded(call: Caller, connected: Place) -> None:
    name = f"{connected.connection}-news"
    stated = connected.export_document(purpose=" Newsletter ", legal_basis="consent")
    assert call("PUT", f"exports/{name}", stated).status_code == 201

    found = record(call)

    [one] = [one for one in found["processing"] if one["export"] == name]
    assert (one["purpose"], one["legal_basis"]) == ("Newsletter", "consent")
    assert [category["column"] for category in one["categories"]] == ["Email", "FirstName"]
    assert one["tags"] == ["HighValueSegment", "Newsletter readers"]
    assert one["audience_name"] == "News"
    [to] = [one for one in found["recipients"] if one["connection"] == connected.connection]
    assert to["account_id"] == connected.account.account_id
    assert to["data_center"]
    [consent] = [one for one in found["consents"] if one["connection"] == connected.connection]
    assert (consent["accepted"], consent["accepted_by"]) == (True, "master key")
    assert consent["accepted_at"]
    kept = {one["what"]: (one["days"], one["until"]) for one in found["retention"]}
    assert (kept["runs"], kept["contacts_held"]) == ((30, None), (None, "export_removed"))


def test_what_nobody_has_stated_is_not_stated(call: Caller, export: str) -> None:
    found = record(call)

    assert (found["controller"], found["contact"]) == ("not_stated", "not_stated")
    [one] = [one for one in found["processing"] if one["export"] == export]
    assert (one["purpose"], one["legal_basis"]) == ("not_stated", "not_stated")


def test_a_withdrawn_consent_says_who_took_it_back(call: Caller, connected: Place) -> None:
    path = f"connections/{connected.connection}"
    call("PUT", path, call("GET", path).json() | {"consent": {"accepted": False}})

    [consent] = [
        one for one in record(call)["consents"] if one["connection"] == connected.connection
    ]

    assert (consent["accepted"], consent["withdrawn_by"]) == (False, "master key")


def test_the_settings_say_who_is_responsible(stack: Stack) -> None:
    settings = {"CONTROLLER": "Contoso, Zagreb", "PRIVACY_CONTACT": "privacy@contoso.com"}
    host = stack.add_host(functions=NOTHING_RUNS, settings=settings)

    found = record(Caller(host, {"x-functions-key": stack.keys.master}))

    assert (found["controller"], found["contact"]) == ("Contoso, Zagreb", "privacy@contoso.com")
