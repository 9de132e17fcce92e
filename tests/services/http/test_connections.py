"""Connections: consent, sharing, status, removal."""

from typing import Any

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.exports.terms import terms_version
from tests.services.http.conftest import Caller, Place, signed_in, wrong_fields


def test_the_terms_are_a_text_with_a_version(call: Caller) -> None:
    terms = call("GET", "terms").json()
    assert terms["version"] == terms_version()
    assert "Mailchimp" in terms["text"]
    assert terms["language"] == "en"

    croatian = call("GET", "terms?language=hr-HR").json()
    assert (croatian["language"], croatian["version"]) == ("hr", terms["version"])
    assert croatian["text"] != terms["text"]


def test_a_connection_is_created_once_and_then_replaced(call: Caller, place: Place) -> None:
    path = f"connections/{place.connection}"
    created = call("PUT", path, {"display_name": "Newsletter account"})
    assert created.status_code == 201
    assert created.headers["Location"] == f"/api/{path}"
    assert created.json()["status"] == "needs_consent"
    replaced = call("PUT", path, {"display_name": "Other"})
    assert replaced.status_code == 200
    assert replaced.json()["display_name"] == "Other"
    for member in ("created_at", "created_by"):
        assert replaced.json()[member] == created.json()[member]


def test_what_is_read_can_be_written_back(call: Caller, connected: Place) -> None:
    path = f"connections/{connected.connection}"
    before = call("GET", path)
    after = call("PUT", path, before.json(), if_match=before.headers["ETag"])
    assert after.status_code == 200
    changed = {key for key, value in before.json().items() if after.json()[key] != value}
    assert changed <= {"updated_at"}


def test_a_version_that_somebody_has_replaced_is_not_overwritten(
    call: Caller, connected: Place
) -> None:
    path = f"connections/{connected.connection}"
    etag = call("GET", path).headers["ETag"]
    # As proxies that compress answers hand it on.
    saved = call("PUT", path, connected.connection_document(), if_match=f"W/{etag}")
    assert saved.status_code == 200
    etag = saved.headers["ETag"]
    document = connected.connection_document(display_name="Mine")
    assert call("PUT", path, document, if_match=etag).status_code == 200
    assert call("PUT", path, document, if_match=etag).status_code == 412
    assert call("DELETE", path, if_match=etag).status_code == 412
    assert call("PUT", path, document, if_none_match="*").status_code == 412
    assert call("PUT", "connections/none", {}, if_match="*").status_code == 412


def test_consent_says_who_agreed_when_and_to_which_version(call: Caller, place: Place) -> None:
    path = f"connections/{place.connection}"
    consent = call("PUT", path, place.connection_document()).json()["consent"]
    assert consent["accepted"]
    assert consent["accepted_by"] == "master key"
    assert consent["terms_version"] == terms_version()
    # Writing it again, or something else, is no new agreement.
    assert call("PUT", path, place.connection_document()).json()["consent"] == consent
    assert call("PUT", path, {"display_name": "Other"}).json()["consent"] == consent


def test_consent_to_another_version_is_refused(call: Caller, place: Place) -> None:
    document = place.connection_document(consent={"accepted": True, "terms_version": "1999-01"})
    answer = call("PUT", f"connections/{place.connection}", document)
    assert wrong_fields(answer) == ["consent.terms_version"]


def test_withdrawing_consent_keeps_who_agreed_and_cancels_runs(
    call: Caller, connected: Place, export: str
) -> None:
    run = call("POST", f"exports/{export}/runs").json()
    path = f"connections/{connected.connection}"
    document = call("GET", path).json()
    withdrawn = call("PUT", path, document | {"consent": {"accepted": False}}).json()
    assert withdrawn["status"] == "needs_consent"
    assert withdrawn["consent"]["accepted_by"] == "master key"
    assert withdrawn["consent"]["withdrawn_at"]
    shown = call("GET", f"runs/{run['id']}").json()
    assert (shown["status"], shown["error"]["code"]) == ("cancelled", "consent_withdrawn")


def test_an_old_copy_of_the_document_does_not_bring_consent_back(
    call: Caller, connected: Place
) -> None:
    path = f"connections/{connected.connection}"
    old = call("GET", path).json()
    withdrawn = call("PUT", path, old | {"consent": {"accepted": False}})
    etag = withdrawn.headers["ETag"]

    for consent in (old["consent"], {"accepted": True}, withdrawn.json()["consent"]):
        refused = call("PUT", path, old | {"consent": consent | {"accepted": True}})
        assert (refused.status_code, refused.json()["code"]) == (409, "consent_withdrawn")
    assert not call("GET", path).json()["consent"]["accepted"]

    anew = {"accepted": True, "terms_version": terms_version()}
    assert call("PUT", path, old | {"consent": anew}).json()["consent"]["accepted"]
    etag = call("PUT", path, old | {"consent": {"accepted": False}}).headers["ETag"]
    assert call("PUT", path, old, if_match=etag).json()["consent"]["accepted"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": "other"}, ["name"]),
        ({"secret_name": "database-password"}, ["secret_name"]),
        ({"shared_with": "everyone", "display_name": 7}, ["display_name", "shared_with"]),
        ({"colour": "red", "consent": {"accepted": "yes"}}, ["colour", "consent.accepted"]),
    ],
)
def test_every_problem_is_named(
    call: Caller, place: Place, changes: dict[str, Any], wrong: list[str]
) -> None:
    answer = call("PUT", f"connections/{place.connection}", place.connection_document(**changes))
    assert wrong_fields(answer) == wrong


def test_a_name_that_cannot_be_is_refused(call: Caller) -> None:
    assert wrong_fields(call("PUT", "connections/Not%20this", {})) == ["name"]
    assert call("GET", "connections/Not%20this").status_code == 404
    assert call("GET", "connections/..%2Fexports%2Fx").status_code == 404


def test_a_secret_that_cannot_be_read_shows_on_the_connection(
    call: Caller, stack: Stack, connected: Place
) -> None:
    path = f"connections/{connected.connection}"
    elsewhere = f"mailchimp-{connected.connection}-2"
    document = call("GET", path).json() | {"secret_name": elsewhere}
    assert call("PUT", path, document).json()["status"] == "needs_token"
    stack.vault.set(elsewhere, connected.account.api_key)
    assert call("GET", path).json()["status"] == "ready"
    third = f"{elsewhere}-3"
    stack.vault.set(third, "no token at all")
    assert call("PUT", path, document | {"secret_name": third}).json()["status"] == "broken"
    stack.vault.deny(third)
    try:
        verified = call("POST", f"{path}/verify").json()
    finally:
        stack.vault.allow(third)
    assert not verified["mailchimp"]["ok"]
    assert verified["mailchimp"]["code"] == "secret_unreadable"
    assert verified["segment_storage"] == {"ok": True, "code": None, "params": {}, "detail": None}


def test_a_secret_that_somebody_else_maintains_is_used(
    call: Caller, stack: Stack, place: Place
) -> None:
    secret = f"mailchimp-shared-{place.connection}"
    stack.vault.set(secret, f'{{"access_token": "{place.account.api_key}", "dc": "us21"}}')
    document = place.connection_document(secret_name=secret)
    call("PUT", f"connections/{place.connection}", document)
    audiences = call("GET", f"connections/{place.connection}/audiences").json()["items"]
    assert [audience["id"] for audience in audiences] == [place.audience_id]
    learnt = call("GET", f"connections/{place.connection}").json()
    assert learnt["account_id"] == place.account.account_id


def test_verify_says_which_account_it_is(call: Caller, connected: Place) -> None:
    verified = call("POST", f"connections/{connected.connection}/verify").json()
    assert verified["mailchimp"] == {
        "ok": True,
        "account_name": connected.account.name,
        "role": "owner",
        "data_center": "us21",
        "code": None,
        "params": {},
        "detail": None,
    }


def test_verify_says_when_mailchimp_refuses(call: Caller, stack: Stack, connected: Place) -> None:
    stack.mailchimp.revoke_key(connected.account.api_key)
    verified = call("POST", f"connections/{connected.connection}/verify").json()["mailchimp"]
    assert not verified["ok"]
    assert verified["code"] == "mailchimp_unauthorized"
    path = f"connections/{connected.connection}"
    assert call("GET", path).json()["status"] == "broken"
    # Another key is another matter.
    key = stack.mailchimp.add_key(connected.account)
    assert call("PUT", f"{path}/token", {"api_key": key}).status_code == 204
    assert call("GET", path).json()["status"] == "ready"
    assert connected.account.api_key not in str(verified)


def test_verify_is_not_content_with_a_user_who_may_only_look(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.change_role(connected.account.api_key, "viewer")
    verified = call("POST", f"connections/{connected.connection}/verify").json()["mailchimp"]
    assert (verified["ok"], verified["role"]) == (False, "viewer")
    assert (verified["code"], verified["params"]) == ("role_may_not_write", {"role": "viewer"})
    assert "Manager" in verified["detail"]


def test_what_mailchimp_says_is_told_by_every_route_that_asks_it(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.disable_account(connected.account)
    words = "This account has been disabled"
    verified = call("POST", f"connections/{connected.connection}/verify").json()["mailchimp"]
    assert (verified["ok"], verified["code"]) == (False, "mailchimp_denied")
    assert words in verified["detail"]
    listed = call("GET", f"connections/{connected.connection}/audiences")
    assert (listed.status_code, listed.json()["code"]) == (409, "mailchimp_denied")
    assert words in listed.json()["detail"]
    saved = call("PUT", f"exports/{connected.connection}-a", connected.export_document())
    (problem,) = saved.json()["errors"]
    assert (problem["field"], problem["code"]) == ("connection", "mailchimp_denied")
    assert words in problem["message"]
    key = {"api_key": connected.account.api_key}
    refused = call("PUT", f"connections/{connected.connection}/token", key)
    (problem,) = refused.json()["errors"]
    assert (problem["field"], problem["code"]) == ("api_key", "mailchimp_denied")
    assert words in problem["message"]


def test_what_mailchimp_has_switched_off_is_told_in_its_words(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.fail_next("GET /(lists)?$", "503_compliance", times=None)
    try:
        verified = call("POST", f"connections/{connected.connection}/verify").json()["mailchimp"]
        listed = call("GET", f"connections/{connected.connection}/audiences").json()
        key = {"api_key": connected.account.api_key}
        (refused,) = call("PUT", f"connections/{connected.connection}/token", key).json()["errors"]
    finally:
        stack.mailchimp.clear_faults()
    for told in (verified, listed, refused):
        assert told["code"] == "mailchimp_method_disabled"
        assert told["params"] == {"said": "This method has been disabled."}


def test_the_page_of_a_firewall_is_told_with_its_reference(
    call: Caller, stack: Stack, connected: Place
) -> None:
    stack.mailchimp.fail_next("GET /(lists)?$", "403_html", times=None)
    try:
        verified = call("POST", f"connections/{connected.connection}/verify").json()["mailchimp"]
        listed = call("GET", f"connections/{connected.connection}/audiences")
        key = {"api_key": connected.account.api_key}
        refused = call("PUT", f"connections/{connected.connection}/token", key)
    finally:
        stack.mailchimp.clear_faults()
    assert (verified["ok"], verified["code"]) == (False, "mailchimp_denied")
    assert listed.json()["code"] == "mailchimp_denied"
    assert refused.json()["errors"][0]["code"] == "mailchimp_denied"
    for told in (verified["detail"], listed.json()["detail"], refused.json()["errors"][0]):
        assert "18.2d351ab8" in str(told)


def test_audiences_come_with_their_merge_fields(call: Caller, connected: Place) -> None:
    items = call("GET", f"connections/{connected.connection}/audiences").json()["items"]
    assert items[0]["name"] == "News"
    fields = {field["tag"]: field for field in items[0]["merge_fields"]}
    assert fields["FNAME"] == {
        "tag": "FNAME",
        "name": "First Name",
        "type": "text",
        "required": False,
    }


def test_contributors_see_little_of_what_is_shared_and_nothing_else(
    call: Caller, entra_host: HostProcess, connected: Place
) -> None:
    contributor, viewer = (signed_in(entra_host, role) for role in ("Contributor", "Viewer"))
    shown = {"name": connected.connection, "display_name": connected.connection}
    assert shown | {"type": "mailchimp"} in contributor("GET", "connections").json()["items"]
    assert viewer("GET", "connections").json() == {"items": []}
    path = f"connections/{connected.connection}"
    assert contributor("GET", path).status_code == 403
    assert contributor("GET", f"{path}/audiences").status_code == 200
    call("PUT", path, call("GET", path).json() | {"shared_with": "administrators"})
    assert shown not in contributor("GET", "connections").json()["items"]
    assert contributor("GET", f"{path}/audiences").status_code == 403


def test_a_connection_in_use_is_removed_only_with_a_word_about_its_exports(
    call: Caller, connected: Place, export: str
) -> None:
    path = f"connections/{connected.connection}"
    run = call("POST", f"exports/{export}/runs").json()
    refused = call("DELETE", path)
    assert refused.status_code == 409
    assert refused.json()["exports"] == [export]
    assert wrong_fields(call("DELETE", f"{path}?exports=forget")) == ["exports"]
    assert call("DELETE", f"{path}?exports=detach").status_code == 204
    assert call("GET", path).status_code == 404
    assert call("GET", f"exports/{export}").json()["connection"] is None
    shown = call("GET", f"runs/{run['id']}").json()
    assert (shown["status"], shown["error"]["code"]) == ("cancelled", "connection_removed")


def test_a_connection_can_go_with_its_exports(call: Caller, connected: Place, export: str) -> None:
    path = f"connections/{connected.connection}"
    assert call("DELETE", f"{path}?exports=remove").status_code == 204
    assert call("GET", f"exports/{export}").status_code == 404
    assert call("DELETE", path).status_code == 404


def test_webhooks_are_wanted_and_shown_by_audience(
    call: Caller, connected: Place, export: str
) -> None:
    path = f"connections/{connected.connection}"
    before = call("GET", path).json()
    assert (before["webhooks"], before["webhook_state"]) == (False, [])

    saved = call("PUT", path, {**before, "webhooks": True}, if_match="*").json()

    off = {"audience_id": connected.audience_id, "state": "off", "last_event_at": None}
    assert (saved["webhooks"], saved["webhook_state"]) == (True, [off])
    listed = call("GET", "connections").json()["items"]
    (mine,) = (one for one in listed if one["name"] == connected.connection)
    assert mine["webhook_state"] == [off]
    assert export
