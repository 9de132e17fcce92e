"""The live check names what an account does, however it does it, and leaves nothing behind."""

import threading
from collections.abc import Iterator
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from local.mailchimp.switches import Switches
from shared.mailchimp.live_check.probe import Allowance, Probe
from shared.mailchimp.live_check.questions import QUESTIONS, ask_all
from shared.mailchimp.live_check.rows import ASSUMED, CODES, UNSHOWABLE, Row, row_of
from shared.mailchimp.live_check.traces import Names, clear, new_mark
from tests.services.mailchimp.conftest import Mailchimp

EMAIL = "ana@contoso.com"
# A switch with what its positions are called in a row, where that is something else.
POSITIONS: dict[str, tuple[str, dict[object, str]]] = {
    "filter_post_answers": ("filter_post_answers", {False: "whole", True: "filtered"}),
    "double_optin_enforced": ("double_optin", {False: "bypassed", True: "enforced"}),
    "compliance_sentence": ("compliance_sentence", {"{email} is off.": "not_recognised"}),
    "api_source": ("api_source", {"Segment export": "Segment export"}),
    # What people do who left by themselves shows in nobody's calls.
    "compliance": ("compliance_of_cleaned", {"enforced": "enforced", "ignored": "ignored"}),
}
# Switches about what nobody has proved, and the row that says why it can't be shown.
UNSHOWN = {
    "limit": "connection_limit",
    "limit_per": "limit_per_user",
    "hold_connection_after_disconnect": "connection_after_timeout",
    "base_seconds": "seconds_per_500",
    "per_member_seconds": "seconds_per_500",
    "bulk_seconds": "seconds_per_500",
    "work_at": "work_after_timeout",
    "cutoff_seconds": "work_after_timeout",
    "always_timeout_above": "seconds_per_500",
    "timeout_answer": "work_after_timeout",
    "timeout_work": "work_after_timeout",
    "timeout_hold_seconds": "connection_after_timeout",
    "tags_listed_max": "tags_listed",
    "unsubscribed_while_archived": "unsubscribed_while_archived",
    "source_on_return": "source_on_return",
    "contact_limit": "plan_limit",
    "contact_limit_answer": "plan_limit",
    "contact_limit_sentence": "plan_limit",
    "merge_field_limit": "merge_field_limit",
    "stats_stale_seconds": "stale_counts",
    "batch_phase_seconds": "batches_at_once",
    "batch_operation_seconds": "batches_at_once",
}
# What is documented or recorded, and what only helps tests.
PROVED = {
    "inline_tags_late_seconds",
    "fake_domains",
    "fake_addresses",
    "fake_marker",
    "too_many_prefix",
    "account_email",
    "small_answers",
    "record_bodies",
    "clock_offset_seconds",
    "oauth_consent",
    "oauth_api_endpoint",
}


def variants() -> Iterator[tuple[str, object, str, str]]:
    """Yield (switch, position, code of its row, what that shows) for all that can be shown."""
    hints = get_type_hints(Switches)
    for switch in (one.name for one in fields(Switches)):
        if switch in POSITIONS:
            code, names = POSITIONS[switch]
            yield from ((switch, position, code, seen) for position, seen in names.items())
        elif switch in ASSUMED and get_origin(hints[switch]):
            yield from ((switch, one, switch, str(one)) for one in get_args(hints[switch]))


@pytest.fixture(autouse=True)
def usual(mailchimp: Mailchimp) -> Iterator[None]:
    """The simulator behaves as usual before and after."""
    mailchimp.simulator.reset()
    yield
    mailchimp.simulator.reset()


class _Quiet(BaseHTTPRequestHandler):
    """Answers whoever asks whether anybody is there."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def public_url() -> Iterator[str]:
    """Where the app seems to be reached."""
    server = HTTPServer(("127.0.0.1", 0), _Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def checked(
    mailchimp: Mailchimp, email: str = EMAIL, public_url: str | None = None, **limits: Any
) -> tuple[dict[str, Row], Allowance]:
    """Ask everything, and clear up; the audience is as it was before."""
    before = furniture(mailchimp)
    allowance = Allowance(**limits)
    client = mailchimp.client.noting(allowance.spend)
    names = Names(email, new_mark())
    probe = Probe(client, mailchimp.client.audience(mailchimp.list_id), names, public_url)
    rows = ask_all(probe)
    allowance.clearing = True
    clear(client, mailchimp.list_id, names, probe.addresses)
    assert furniture(mailchimp) == before
    assert [row.code for row in rows if row.code in CODES] == list(dict.fromkeys(CODES))
    return {row.code: row for row in rows}, allowance


def furniture(mailchimp: Mailchimp) -> object:
    """All that there is in the audience."""
    client, list_id = mailchimp.client, mailchimp.list_id
    return (
        mailchimp.simulator.contacts(list_id),
        client.tags(list_id),
        client.saved_segments(list_id),
        client.merge_fields(list_id),
        client.webhooks(list_id),
    )


def in_such_an_audience(mailchimp: Mailchimp, switch: str) -> Mailchimp:
    """An audience in which a switch shows, with people in it whom nothing may happen to."""
    double = switch == "double_optin_enforced"
    list_id = mailchimp.simulator.add_list(mailchimp.account, "Test", double_optin=double)
    mailchimp.simulator.put_contacts(
        list_id,
        [
            {"email": "eva@contoso.com", "status": "subscribed", "tags": ["News"]},
            {"email": "ivo@contoso.com", "status": "unsubscribed", "compliance": True},
            {"email": "lea@contoso.com", "status": "archived"},
        ],
    )
    return Mailchimp(mailchimp.simulator, mailchimp.account, list_id, mailchimp.client)


# As it is by itself each switch is named in one check of all: the test after this one.
CHANGED = [one for one in variants() if one[1] != getattr(Switches(), one[0])]


@pytest.mark.parametrize(("switch", "position", "code", "seen"), CHANGED)
def test_each_position_of_a_switch_is_named(
    mailchimp: Mailchimp, public_url: str, switch: str, position: object, code: str, seen: str
) -> None:
    there = in_such_an_audience(mailchimp, switch)
    mailchimp.simulator.set(**{switch: position})
    email = "ana@bücher-contoso.de" if switch == "idn_stored" else EMAIL
    rows, allowance = checked(there, email, public_url)
    assert rows[code] == row_of(code, seen)
    assert allowance.calls <= 100


def test_where_all_is_as_assumed_each_question_but_the_unshowable_says_so(
    mailchimp: Mailchimp, public_url: str, record_property: Any
) -> None:
    there = in_such_an_audience(mailchimp, "double_optin_enforced")
    rows, allowance = checked(there, "ana@bücher-contoso.de", public_url)
    unlike = {code for code in ASSUMED if rows[code].result != "as_assumed"}
    assert unlike == set()
    reasons = {code: rows[code].params for code in UNSHOWABLE}
    assert reasons == {code: {"reason": reason} for code, reason in UNSHOWABLE.items()}
    named = len(list(variants()))
    counts = f"{named} positions named, {len(UNSHOWN)} switches not shown, {allowance.calls} calls"
    print(counts)
    record_property("live check", counts)


def test_every_switch_is_named_or_has_a_reason_why_it_can_not_be() -> None:
    named = {switch for switch, *_ in variants()}
    known = {one.name for one in fields(Switches)}
    assert (known - named - PROVED) == UNSHOWN.keys()
    assert set(UNSHOWN.values()) <= UNSHOWABLE.keys()


def test_each_question_tells_of_rows_of_its_own() -> None:
    codes = [code for question in QUESTIONS for code in question.codes]
    assert sorted(codes) == sorted(ASSUMED)


def test_what_an_audience_lacks_is_not_shown_with_the_reason(mailchimp: Mailchimp) -> None:
    rows, _ = checked(mailchimp)
    assert {code: rows[code].params for code in ("idn_stored", "double_optin")} == {
        "idn_stored": {"reason": "domain_is_ascii"},
        "double_optin": {"reason": "audience_without_double_optin"},
    }
    assert rows["webhook_signing"].params == {"reason": "app_not_reachable"}


def test_an_address_that_is_not_taken_shows_nothing_wrong(mailchimp: Mailchimp) -> None:
    rows, _ = checked(mailchimp, "ana@example.com")
    assert {row.result for row in rows.values()} <= {"not_shown", "as_assumed"}
    assert rows["status_if_new"].params == {"reason": "mailchimp_refused"}


def test_without_calls_or_time_left_the_rest_is_not_shown(mailchimp: Mailchimp) -> None:
    rows, allowance = checked(mailchimp, most=8)
    assert rows["status_if_new"].result == "as_assumed"
    assert rows["duplicates"].params == {"reason": "too_many_calls"}
    assert allowance.calls <= 30
    rows, _ = checked(mailchimp, seconds=0.0)
    assert {rows[code].params["reason"] for code in ASSUMED} <= {
        "takes_too_long",
        "depends_on_another",
        "domain_is_ascii",
        "audience_without_double_optin",
        "app_not_reachable",
    }


def test_calls_that_fail_leave_one_question_open_and_nothing_behind(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.fail_next("PATCH .*/members/", "500")
    rows, _ = checked(mailchimp)
    assert rows["contact_id_on_new_address"].params == {"reason": "mailchimp_unavailable"}
    assert rows["inline_tags"].result == "as_assumed"


def test_all_traces_are_found_by_the_mark_alone(mailchimp: Mailchimp, public_url: str) -> None:
    before = furniture(mailchimp)
    names = Names(EMAIL, new_mark())
    audience = mailchimp.client.audience(mailchimp.list_id)
    ask_all(Probe(mailchimp.client, audience, names, public_url))
    assert furniture(mailchimp) != before
    clear(mailchimp.client, mailchimp.list_id, names)
    clear(mailchimp.client, mailchimp.list_id, names)
    assert furniture(mailchimp) == before
