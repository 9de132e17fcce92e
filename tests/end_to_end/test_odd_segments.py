"""Segments as people have them: hidden addresses, no ids, empty files, columns in any spelling."""

from typing import Any

import pytest

from tests.support.place import Place, email, emails, people


@pytest.mark.parametrize("hidden", ["***", "", "•••@•••.•••", "p**@contoso.com", "not an address"])
def test_nobody_is_unsubscribed_because_the_addresses_are_hidden(place: Place, hidden: str) -> None:
    place.write({"VIP": people(range(19))})
    place.save(["VIP"], leavers="unsubscribe")
    place.run()
    place.write({"VIP": people(range(19), Email=hidden)})

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("partial", "removals_withheld"), run
    assert set(place.statuses().values()) == {"subscribed"}
    assert set(place.tags_of()) == emails(range(19))


def test_nobody_leaves_because_nobody_has_consent_any_more(place: Place) -> None:
    consent: dict[str, Any] = {"field": "Consent", "values": ["yes"]}
    place.write({"VIP": people(range(19), Consent="yes")})
    place.save(["VIP"], leavers="unsubscribe", consent=consent)
    place.run()
    place.write({"VIP": people(range(19), Consent="")})

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("partial", "removals_withheld"), run
    assert set(place.statuses().values()) == {"subscribed"}


def test_more_than_half_of_a_small_list_do_not_leave_without_a_word(place: Place) -> None:
    place.write({"VIP": people(range(10))})
    place.save(["VIP"], removal_limit_percent=20)
    place.run()
    place.write({"VIP": people(range(4))})

    assert place.run()["error"]["code"] == "removals_withheld"


def test_a_segment_without_ids_is_known_by_its_addresses(place: Place) -> None:
    rows = [{"Email": row["Email"], "FirstName": row["FirstName"]} for row in people(range(4))]
    place.write({"VIP": [*rows, {"Email": "", "FirstName": "x"}, {"Email": " ", "FirstName": "y"}]})
    saved = place.save(["VIP"])
    first = place.run()
    place.write({"VIP": rows[1:]})
    second = place.run()

    assert "customer_id_missing" in {warning["code"] for warning in saved["warnings"]}
    assert (first["status"], first["counts"]["created"], first["counts"]["skipped"]) == (
        "succeeded",
        4,
        1,
    )
    assert (second["status"], second["counts"]["untagged"]) == ("succeeded", 1), second
    assert {row["customer_id"] for row in place.outcomes(first)} == {""}


def test_a_segment_whose_only_file_has_no_bytes_is_empty(place: Place) -> None:
    written = place.write({"VIP": people(range(3))})
    name = written.partitions["VIP"][0]
    place.stack.segment_container().get_blob_client(name).upload_blob(b"", overwrite=True)
    place.save(["VIP"])

    assert place.run()["status"] == "succeeded"
    assert place.contacts() == {}


def test_tags_and_columns_are_written_as_others_keep_them(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    saved = place.save(
        [{"name": "VIP", "tag": " High  value "}],
        email_field=" EMAIL ",
        merge_fields={" FNAME ": "firstname "},
    )
    first = place.run()
    place.forget_calls()
    second = place.run()

    assert (saved["segments"][0]["tag"], saved["email_field"]) == ("High value", "EMAIL")
    assert (first["status"], second["status"]) == ("succeeded", "succeeded"), first
    assert place.tags_of() == {email(n): {"High value"} for n in range(3)}
    assert place.contacts()[email(0)].merge_fields["FNAME"] == "First0"
    assert not place.writes()
