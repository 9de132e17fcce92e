"""What real Customer Insights exports look like, from the blob to the audience."""

import time

import pytest

from local.sample_data import Dialect, Model
from tests.support.place import Place, email, emails, people, person

ODDITIES = {
    "semicolons, no header, flags as text, data lake host": (
        Dialect(delimiter=";", header=False),
        Model(column_headers="string", host="dfs"),
    ),
    "UTF-16, everything quoted, lying flags, snapshot query": (
        Dialect(encoding="utf-16-le", bom=True, quotes="always"),
        Model(column_headers="lie", snapshot_query=True),
    ),
    "BOM, Windows line ends, tabs, no settings": (
        Dialect(bom=True, newline="\r\n", delimiter="\t"),
        Model(settings=False, bom=True),
    ),
}


@pytest.mark.parametrize(("dialect", "model"), ODDITIES.values(), ids=ODDITIES)
def test_an_odd_export_arrives_like_any_other(place: Place, dialect: Dialect, model: Model) -> None:
    rows = people(range(6))
    rows[2]["FirstName"] = 'Zoë "the\nbrave", Đurđa'
    place.write(
        {"VIP": rows},
        partitions=3,
        empty_partitions=2,
        dialect=dialect,
        model=model,
        file_stem="VIP_0",
    )
    place.save(["VIP"])

    run = place.run()

    assert run["status"] == "succeeded", run
    assert place.tags_of() == {email(number): {"VIP"} for number in range(6)}
    assert run["counts"]["created"] == 6
    assert " ".join(place.contacts()[email(2)].merge_fields["FNAME"].split()) == (
        'Zoë "the brave", Đurđa'
    )


def test_a_model_that_points_at_an_older_snapshot_is_survived_and_said(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.write({"VIP": people(range(5))}, model=None)
    place.save(["VIP"])
    time.sleep(1.1)  # SNAPSHOT_QUIET_SECONDS: nothing tells but that nobody writes any more

    run = place.run()

    assert set(place.contacts()) == emails(range(5))
    assert run["status"] == "succeeded", run
    assert "snapshot_model_ignored" in {warning["code"] for warning in run["warnings"]}


def test_a_snapshot_that_is_still_being_written_is_waited_for(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    written = place.write({"VIP": people(range(8))}, partitions=2)
    second = place.stack.segment_container().get_blob_client(written.partitions["VIP"][1])
    content = second.download_blob().readall()
    second.delete_blob()

    run = place.start()
    second.upload_blob(content)
    run = place.ended(run)

    assert run["status"] == "succeeded", run
    assert set(place.contacts()) == emails(range(8))


def test_repeated_profiles_become_one_contact_with_the_tags_of_all(place: Place) -> None:
    place.write(
        {
            "One": [
                person(1, CustomerId="b", Email=" ANA@contoso.com ", FirstName="Later"),
                person(1, CustomerId="a", Email="ana@Contoso.com", FirstName="Ana"),
            ],
            "Two": [
                person(1, CustomerId="A0", Email="Ana@contoso.com", FirstName="Other"),
                person(2),
                person(3, Email=""),
                person(4, Email="nobody@"),
            ],
        },
        partitions=2,
    )
    place.save(["One", {"name": "Two", "tag": "Second"}])

    run = place.run()

    rows = {(row["customer_id"], row["email"]): row for row in place.outcomes(run)}
    assert {pair: row["code"] for pair, row in rows.items()} == {
        ("a", "ana@contoso.com"): "created",
        ("b", "ana@contoso.com"): "skipped_duplicate",
        ("A0", "ana@contoso.com"): "skipped_duplicate",
        ("c0002", email(2)): "created",
        ("c0003", ""): "skipped_no_email",
        ("c0004", "nobody@"): "skipped_invalid_email",
    }
    assert rows["c0002", email(2)]["segments"] == "Two"
    contact = place.contacts()["ana@contoso.com"]
    assert contact.merge_fields["FNAME"] == "Ana"
    assert contact.tags == {"One", "Second"}
    assert run["counts"]["profiles"] == 6
    assert run["counts"]["contacts"] == 2
