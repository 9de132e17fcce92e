"""Whatever can be saved runs: exports and connections with any two values of their members.

Each document ends in the audience that its segments say, or in a refusal that names the field.
`make combinations` goes through any three.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.services import Services
from shared.app import App
from shared.exports.access import Role, key_holder
from shared.exports.terms import terms_version
from shared.http import connections as connection_routes
from shared.http import exports as export_routes
from shared.http.messages import Request, Response
from shared.http.problems import ProblemError
from tests.support.combinations import covering
from tests.support.steps import Steps

ABSENT: Any = object()
TAKEN = "Taken"
HEADER = "CustomerId,Email,FirstName,LastName,StoreNo,Consent"
# Who is in a segment; those of even numbers have consented.
PEOPLE = {"VIP": (0, 1, 2, 3), "Readers": (3, 4), "Empty": ()}

# Member, then what its values are called, then the value and the field that a refusal names.
type Values = Mapping[str, Mapping[str, tuple[Any, str | None]]]

EXPORT: Values = {
    "segments": {
        "one": (["VIP"], None),
        "two": (["VIP", "Readers"], None),
        "named": ([{"name": "VIP", "tag": "Gold"}], None),
        "one tag": (
            [{"name": "VIP", "tag": "T"}, {"name": "Readers", "tag": "t"}],
            "segments.1.tag",
        ),
        "adopted": ([{"name": "Readers", "tag": TAKEN, "adopt": True}], None),
        "somebody's": ([{"name": "VIP", "tag": TAKEN}], "segments.0.tag"),
        "empty": (["Empty"], None),
        "unknown": (["VIP", "Nobody"], "segments.1.name"),
    },
    "merge_fields": {
        "absent": (ABSENT, None),
        "none": ({}, None),
        "one": ({"FNAME": "FirstName"}, None),
        "another case": ({"FNAME": "firstname", "LNAME": "LastName"}, None),
        "new": ({"STORE": "StoreNo"}, None),
        "made": (
            {"FNAME": {"template": "{FirstName} of {LastName}"}, "LNAME": {"value": "CI"}},
            None,
        ),
        "unknown": ({"FNAME": "Nothing"}, "merge_fields.FNAME"),
        "another type": (
            {"FNAME": {"field": "FirstName", "type": "date"}},
            "merge_fields.FNAME.type",
        ),
    },
    "create_merge_fields": {
        "absent": (ABSENT, None),
        "yes": (True, None),
        "no": (False, None),
    },
    "email_field": {
        "there": ("Email", None),
        "another case": ("EMAIL", None),
        "unknown": ("Mail", "email_field"),
    },
    "consent": {
        "absent": (ABSENT, None),
        "asked": ({"field": "Consent", "values": ["yes"]}, None),
        "unknown": ({"field": "Nothing", "values": ["yes"]}, "consent.field"),
        "without values": ({"field": "Consent", "values": []}, "consent.values"),
    },
    "filter": {
        "absent": (ABSENT, None),
        "in": ({"all": [{"field": "StoreNo", "op": "in", "values": ["00", "01", "03"]}]}, None),
        "two": (
            {
                "all": [
                    {"field": "LastName", "op": "not_in", "values": ["Last3"]},
                    {"field": "consent", "op": "not_blank"},
                ]
            },
            None,
        ),
        "unknown": ({"all": [{"field": "Nothing", "op": "blank"}]}, "filter.all.0.field"),
        "no date": (
            {"all": [{"field": "StoreNo", "op": "before", "value": "1/2/2026"}]},
            "filter.all.0.value",
        ),
        "without values": ({"all": [{"field": "StoreNo", "op": "in"}]}, "filter.all.0"),
    },
    "status_for_new": {
        "absent": (ABSENT, None),
        "subscribed": ("subscribed", None),
        "pending": ("pending", None),
    },
    "leavers": {
        "absent": (ABSENT, None),
        "untag": ("untag", None),
        "keep": ("keep", None),
        "archive": ("archive", None),
        "unsubscribe": ("unsubscribe", None),
    },
    "removal_limit_percent": {
        "absent": (ABSENT, None),
        "none": (0, None),
        "above": (101, "removal_limit_percent"),
    },
    "stale_after_hours": {"absent": (ABSENT, None), "soon": (1, None)},
    "schedule": {
        "absent": (ABSENT, None),
        "off": ({"active": False, "kind": "refresh"}, None),
        "none": ({"kind": "none"}, None),
        "cron": ({"kind": "cron", "cron": ["0 6 * * 1"], "time_zone": "Europe/Zagreb"}, None),
        "never": ({"kind": "cron", "cron": ["0 6 31 2 *"]}, "schedule.cron.0"),
    },
    "display_name": {"absent": (ABSENT, None), "given": ("News & more", None)},
    "purpose": {"absent": (ABSENT, None), "given": ("Newsletter", None)},
}
CONNECTION: Values = {
    "display_name": {"absent": (ABSENT, None), "given": ("Main account", None)},
    "shared_with": {
        "absent": (ABSENT, None),
        "contributors": ("contributors", None),
        "unknown": ("everybody", "shared_with"),
    },
    "secret_name": {
        "absent": (ABSENT, None),
        "another": ("mailchimp-shared-by-all", None),
        "not ours": ("storage-key", "secret_name"),
    },
    "consent": {
        "absent": (ABSENT, None),
        "given": ({"accepted": True}, None),
        "of this version": ({"accepted": True, "terms_version": terms_version()}, None),
        "in a language": ({"accepted": True, "terms_language": "hr"}, None),
        "of another version": (
            {"accepted": True, "terms_version": "none"},
            "consent.terms_version",
        ),
        "refused": ({"accepted": False}, None),
    },
}


def documents(values: Values) -> list[tuple[dict[str, str], dict[str, Any], set[str]]]:
    """Return choices, the documents that they make, and the fields that refusals name.

    First those without anything wrong: a document with one wrong value shows of no other two
    whether they run together.
    """
    right = {
        member: [name for name, (_, wrong) in named.items() if wrong is None]
        for member, named in values.items()
    }
    every = {member: list(named) for member, named in values.items()}
    found = [_made(values, choice) for choice in covering(right)]
    return found + [made for choice in covering(every) if (made := _made(values, choice))[2]]


def _made(
    values: Values, choice: dict[str, str]
) -> tuple[dict[str, str], dict[str, Any], set[str]]:
    parts = {member: values[member][name] for member, name in choice.items()}
    document = {m: value for m, (value, _) in parts.items() if value is not ABSENT}
    return choice, document, {field for _, field in parts.values() if field}


@pytest.fixture(scope="module")
def bench(services: Services, app_of_steps: App) -> Steps:
    """An account with segments, and no export that anybody looks at."""
    steps = Steps.make(services, app_of_steps)
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    for segment, people in PEOPLE.items():
        rows = [
            f"{steps.name}-{n},{steps.email(n)},First{n},Last{n},0{n},{'no' if n % 2 else 'yes'}"
            for n in people
        ]
        steps.put(f"{segment}/2026/11/22/0600/{segment}_1.csv", "\n".join([HEADER, *rows, ""]))
    return steps


def put(route: Any, app: App, name: str, document: dict[str, Any]) -> Response | ProblemError:
    """Save a document as an administrator's request does."""
    body = json.dumps(document).encode()
    who = key_holder(Role.ADMINISTRATOR)
    request = Request("PUT", "", {"name": name}, {}, {}, body, who)
    try:
        answer: Response = route(app, request)
    except ProblemError as error:
        return error
    return answer


def refused_fields(problem: ProblemError) -> set[str]:
    return {error.field for error in problem.errors}


def expected(
    steps: Steps, choice: Mapping[str, str], document: Mapping[str, Any]
) -> dict[str, Any]:
    """Return status, tags and values per address, worked out from the document alone."""
    found: dict[str, Any] = {}
    for segment in document["segments"]:
        name, tag = (
            (segment, segment) if isinstance(segment, str) else (segment["name"], segment["tag"])
        )
        for n in PEOPLE[name]:
            if choice["consent"] == "asked" and n % 2:
                continue
            if n not in {"in": (0, 1, 3), "two": (0, 1, 2, 4)}.get(choice["filter"], range(5)):
                continue
            values = {"FirstName": f"First{n}", "LastName": f"Last{n}", "StoreNo": f"0{n}"}
            spelled = {column.lower(): value for column, value in values.items()}
            fields = {
                tag: spelled[source.lower()]
                for tag, source in document.get("merge_fields", {}).items()
                if isinstance(source, str)
            }
            if choice["merge_fields"] == "made":
                fields = {"FNAME": f"First{n} of Last{n}", "LNAME": "CI"}
            status = document.get("status_for_new", "subscribed")
            _, tags, _ = found.get(steps.email(n), (status, set(), fields))
            found[steps.email(n)] = (status, tags | {tag}, fields)
    return found


def held(steps: Steps) -> dict[str, Any]:
    contacts = steps.mailchimp.contacts(steps.audience)
    return {
        email: (
            contact.status,
            set(contact.tags),
            {tag: value for tag, value in contact.merge_fields.items() if value != ""},
        )
        for email, contact in contacts.items()
        if not email.startswith("stranger@")
    }


def test_an_export_of_any_two_values_runs_right_or_is_refused_by_its_field(
    bench: Steps, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: Counter[str] = Counter()
    for number, (choice, document, wrong) in enumerate(documents(EXPORT)):
        audience = bench.mailchimp.add_list(bench.account, f"News {number}")
        stranger = {"email": "stranger@contoso.com", "status": "subscribed", "tags": [TAKEN]}
        bench.mailchimp.put_contacts(audience, [stranger])
        name = f"{bench.name}-{number}"
        steps = replace(bench, audience=audience, export_name=name)
        source = {
            "connection": bench.name,
            "audience_id": audience,
            "source": {"folder": bench.folder},
        }
        if choice["merge_fields"] == "new" and choice["create_merge_fields"] != "yes":
            wrong = wrong | {"merge_fields.STORE"}

        answer = put(export_routes.put, bench.app, name, source | document)

        if isinstance(answer, ProblemError):
            assert answer.status == 422, choice
            assert refused_fields(answer) == wrong, choice
            ends["422"] += 1
            continue
        assert not wrong, choice
        record = steps.run()
        assert (record["status"], record["error"]) == ("succeeded", None), (choice, record)
        assert held(steps) == expected(steps, choice, document), choice
        ends[record["status"]] += 1
    with capsys.disabled():
        print(f"\n{sum(ends.values())} exports: {dict(ends)}")
    assert ends["succeeded"] > ends.total() / 5


def test_a_connection_of_any_two_values_serves_an_export_or_is_refused_by_its_field(
    bench: Steps, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: Counter[str] = Counter()
    bench.vault.set("mailchimp-shared-by-all", bench.account.api_key)
    for number, (choice, document, wrong) in enumerate(documents(CONNECTION)):
        name = f"{bench.name}-c{number}"
        bench.vault.set(f"mailchimp-{name}", bench.account.api_key)

        answer = put(connection_routes.put, bench.app, name, document)

        if isinstance(answer, ProblemError):
            # What can't be read is told before what can't be taken.
            assert answer.status == 422, choice
            assert refused_fields(answer) <= wrong, choice
            assert refused_fields(answer), choice
            ends["422"] += 1
            continue
        assert not wrong, choice
        audience = bench.mailchimp.add_list(bench.account, f"News c{number}")
        steps = replace(bench, audience=audience, export_name=f"{name}-export")
        saved = put(
            export_routes.put,
            bench.app,
            steps.export_name,
            {
                "connection": name,
                "audience_id": audience,
                "source": {"folder": bench.folder},
                "segments": ["Readers"],
                "email_field": "Email",
            },
        )
        if not document.get("consent", {}).get("accepted"):
            assert isinstance(saved, ProblemError), choice
            assert refused_fields(saved) == {"connection"}, choice
            ends["without consent"] += 1
            continue
        assert isinstance(saved, Response), choice
        record = steps.run()
        assert (record["status"], record["error"]) == ("succeeded", None), (choice, record)
        assert set(held(steps)) == {bench.email(3), bench.email(4)}
        ends[record["status"]] += 1
    with capsys.disabled():
        print(f"\n{sum(ends.values())} connections: {dict(ends)}")
    assert ends["succeeded"] > ends.total() / 5
