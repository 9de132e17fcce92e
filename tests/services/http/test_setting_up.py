"""What helps people to set an export up: what a segment holds, and what could be mapped."""

import uuid
from urllib.parse import quote

import polars as pl
import pytest

from local.functions_host.process import HostProcess
from local.sample_data import write_export
from local.stack import Stack
from tests.services.http.conftest import FOLDER, Caller, Place, signed_in, wrong_fields

PROFILES = pl.DataFrame(
    {
        "CustomerId": [str(number) for number in range(4)],
        "EMailAddress": ["ana@contoso.com", "ivo@contoso.com", "eva@contoso.com", ""],
        "First name": ["Ana", "Ivo", "Eva", "Mia"],
        "NewsletterConsent": ["true", "false", "true", ""],
    }
)

# Not every name can be a part of a path, and not every character of a name is seen.
NAMES = ("Name, (new)", "\u200f\u05d0\u05d1 \u0627\u0644\u200d\u0639", "Club\u00a0Gold")


@pytest.fixture(scope="module")
def folder(stack: Stack) -> str:
    """A folder with a segment in it whose columns tell what they are."""
    name = f"CustomerInsights_{uuid.uuid4().hex}/BlobExport"
    write_export(stack.segment_container(), name, dict.fromkeys(["Loyal", *NAMES], PROFILES))
    return name


def test_a_segment_shows_its_columns_masked_and_where_it_goes(call: Caller, export: str) -> None:
    audience = call("GET", f"exports/{export}").json()["audience_id"]
    answer = call("GET", f"segments/HighValueSegment?folder={FOLDER}")

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["snapshots"][0]["whole"]
    assert found["snapshots"][0]["profiles"] == {"count": 2, "exact": True}
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["Email"]["samples"] == ["a***@c***.com", "i***@c***.com"]
    assert columns["FirstName"]["samples"] == ["A**", "I**"]
    assert {"name": export, "audience_id": audience} in found["exports"]


def test_no_value_of_a_profile_is_among_the_samples(call: Caller, folder: str) -> None:
    answer = call("GET", f"segments/Loyal?folder={folder}")

    columns = {column["name"]: column for column in answer.json()["columns"]}
    assert columns["EMailAddress"]["blank_share"] == 0.25
    for name, values in PROFILES.to_dict(as_series=False).items():
        assert not set(columns[name]["samples"]) & set(values), name


@pytest.mark.parametrize("name", NAMES)
def test_a_segment_whose_name_is_no_part_of_a_path_is_named_in_the_query(
    call: Caller, folder: str, name: str
) -> None:
    answer = call("GET", f"segments?folder={folder}&name={quote(name)}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == name


def test_a_segment_that_is_not_there_is_not_found(call: Caller) -> None:
    assert call("GET", f"segments/Nobody?folder={FOLDER}").status_code == 404
    assert wrong_fields(call("GET", "segments/Nobody?folder=")) == ["folder"]


def test_a_mapping_is_proposed_from_columns_and_fields(
    call: Caller, connected: Place, folder: str
) -> None:
    question = {
        "connection": connected.connection,
        "audience_id": connected.audience_id,
        "source": {"folder": folder},
        "segments": ["Loyal"],
    }
    answer = call("POST", "exports/suggest", question)

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["email_field"] == {"value": "EMailAddress", "reason": "name_and_values"}
    assert found["merge_fields"]["FNAME"]["value"] == "First name"
    assert found["merge_fields"]["FNAME"]["exists"]
    assert found["consent"]["value"] == {"field": "NewsletterConsent", "values": ["true"]}
    # What is proposed can be saved as it is.
    document = connected.export_document(
        source={"folder": folder},
        segments=["Loyal"],
        email_field=found["email_field"]["value"],
        merge_fields={tag: each["value"] for tag, each in found["merge_fields"].items()},
        consent=found["consent"]["value"],
    )
    checked = call("POST", f"exports/{connected.connection}-x/validate", document)
    assert checked.json()["errors"] == []


def test_nothing_is_proposed_for_a_connection_that_one_may_not_use(
    entra_host: HostProcess, call: Caller, place: Place, folder: str
) -> None:
    call("PUT", f"connections/{place.connection}", place.connection_document())
    question = {
        "connection": place.connection,
        "audience_id": place.audience_id,
        "source": {"folder": folder},
        "segments": ["Loyal"],
    }
    contributor = signed_in(entra_host, "Contributor")

    assert wrong_fields(contributor("POST", "exports/suggest", question)) == ["connection"]


def test_an_audience_tells_what_of_it_may_be_filled(
    call: Caller, stack: Stack, connected: Place
) -> None:
    ids = stack.mailchimp.add_interests(connected.audience_id, "Topics", ["News"])

    found = call(
        "GET", f"connections/{connected.connection}/audiences/{connected.audience_id}"
    ).json()

    news = {"id": ids["News"], "name": "News", "group": "Topics", "kind": "checkboxes"}
    assert found["interests"] == [news]
    assert found["marketing_permissions"] == []
    assert {"hr", "pt_PT"} <= set(found["languages"])
    assert "FNAME" in {field["tag"] for field in found["merge_fields"]}
    gone = call("GET", f"connections/{connected.connection}/audiences/0123456789")
    assert gone.status_code == 404

    wanted = {"field": "FirstName", "values": ["yes"]}
    body = connected.export_document(interests={ids["News"]: wanted, "nobodys": wanted})
    checked = call("POST", "exports/bad/validate", body).json()
    (error,) = [one for one in checked["errors"] if one["field"].startswith("interests")]
    assert (error["field"], error["code"]) == ("interests.nobodys", "interest_unknown")
