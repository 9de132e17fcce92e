"""What an export settles with its audience: merge fields, tags, double opt-in, another audience."""

from typing import Any

import requests

from tests.support.place import Place, email, emails, people, person

_SEGMENT = "segments.0.tag"


def merge_fields(place: Place) -> dict[str, str]:
    """Tag to type, as Mailchimp has them."""
    fields: list[dict[str, Any]] = place.stack.ask("GET", f"connections/{place.name}/audiences")[
        "items"
    ][0]["merge_fields"]
    return {item["tag"]: item["type"] for item in fields}


def test_missing_merge_fields_are_created_with_a_type_that_fits(place: Place) -> None:
    rows = [
        person(
            number,
            Birthday=f"198{number}-05-0{number + 1}T00:00:00.000Z",
            Points=number * 10,
            Mobile=f"+1555123400{number}",
            Loyalty_programme="Gold",
            Loyalty_programme_name="The golden one",
            Street=f"{number} Main Street",
            City="Austin",
            State="TX",
            Zip="78701",
        )
        for number in range(3)
    ]
    place.write({"VIP": rows})
    mapping = {
        "FNAME": "FirstName",
        "BIRTHDATE": "Birthday",
        "POINTS": "Points",
        "MOBILE": "Mobile",
        "LOYALTY_PROGRAMME": "Loyalty_programme",
        "LOYALTY_PROGRAMME_NAME": "Loyalty_programme_name",
        "HOME.addr1": "Street",
        "HOME.city": "City",
        "HOME.state": "State",
        "HOME.zip": "Zip",
    }
    place.save(["VIP"], merge_fields=mapping, create_merge_fields=True)

    run = place.run()

    assert run["status"] == "succeeded", run
    fields = merge_fields(place)
    # A type is final, and nothing but the look of the values says that these are dates.
    assert fields["BIRTHDATE"] == "text"
    assert fields["POINTS"] == "number"
    assert fields["MOBILE"] == "text"
    assert fields["HOME"] == "address"
    cut = sorted(tag for tag in fields if tag.startswith("LOYALTY"))
    assert len(cut) == 2
    assert all(len(tag) <= 10 for tag in cut)
    values = place.contacts()[email(2)].merge_fields
    assert values["POINTS"] == 20
    assert {values[tag] for tag in cut} == {"Gold", "The golden one"}
    assert values["HOME"]["city"] == "Austin"
    assert place.run()["counts"]["unchanged"] == 3


def test_merge_fields_that_are_missing_and_not_to_be_created_are_named(place: Place) -> None:
    place.write({"VIP": people(range(2), Tier="Gold")})
    document = place.document(["VIP"], merge_fields={"TIER": "Tier"})

    answer = place.stack.api("PUT", f"exports/{place.name}", document)

    assert fields_of(answer) == ["merge_fields.TIER"]


def fields_of(answer: requests.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return sorted(error["field"] for error in answer.json()["errors"])


def test_values_that_are_too_long_or_of_another_type_are_cut_dropped_and_counted(
    place: Place,
) -> None:
    rows = people(range(4), Points=1)
    rows[1]["FirstName"] = "ž" * 200
    rows[2]["Points"] = 7.5
    place.write({"VIP": rows})
    fields = {"FNAME": "FirstName", "POINTS": "Points"}
    place.save(["VIP"], merge_fields=fields, create_merge_fields=True)
    place.run()
    bad = [{**row, "Points": str(row["Points"])} for row in rows]
    bad[3]["Points"] = "many"
    place.write({"VIP": bad})

    run = place.run()

    assert run["status"] == "succeeded", run
    details = {warning["code"]: warning["detail"] for warning in run["warnings"]}
    assert details["values_cut"].startswith("FNAME: 1 ")
    assert details["values_dropped"].startswith("POINTS: 1 ")
    contacts = place.contacts()
    assert contacts[email(1)].merge_fields["FNAME"] == "ž" * 127
    assert contacts[email(2)].merge_fields["POINTS"] == 7.5
    assert contacts[email(0)].merge_fields["POINTS"] == 1


def test_a_value_that_becomes_blank_is_cleared_and_one_never_sent_is_left_alone(
    place: Place,
) -> None:
    place.put({"email": email(1), "merge_fields": {"FNAME": "Kept", "LNAME": "Kept"}})
    rows = people(range(2))
    rows[1]["FirstName"] = ""
    place.write({"VIP": rows})
    place.save(["VIP"])
    place.run()
    assert place.contacts()[email(1)].merge_fields["FNAME"] == "Kept"

    rows[0]["FirstName"] = " "
    place.write({"VIP": rows})
    place.run()

    assert place.contacts()[email(0)].merge_fields["FNAME"] == ""
    assert place.contacts()[email(1)].merge_fields["LNAME"] == "Kept"


def test_somebody_elses_tag_is_used_only_when_it_is_adopted(place: Place) -> None:
    place.put({"email": email(9), "tags": ["VIP"]})
    place.write({"VIP": people(range(3))})

    refused = place.stack.api("PUT", f"exports/{place.name}", place.document(["VIP"]))
    assert fields_of(refused) == [_SEGMENT]

    place.save([{"name": "VIP", "adopt": True}])
    run = place.run()

    assert run["status"] == "succeeded", run
    assert place.tags_of() == {email(n): {"VIP"} for n in (0, 1, 2, 9)}
    place.write({"VIP": people(range(1, 3))})
    place.run()
    assert place.tags_of()[email(9)] == {"VIP"}
    assert place.tags_of()[email(0)] == set()


def test_a_tag_that_somebody_else_made_after_saving_fails_the_run_with_a_reason(
    place: Place,
) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    place.mailchimp.create_tag(place.audience, "VIP")

    run = place.run()

    assert run["status"] == "failed", run
    assert "VIP" in run["error"]["detail"]
    assert "adopt" in run["error"]["detail"]
    assert place.contacts() == {}


def test_a_renamed_tag_is_renamed_in_mailchimp(place: Place) -> None:
    place.write({"VIP": people(range(30))})
    place.save(["VIP"])
    place.run()
    id_ = place.mailchimp.tags(place.audience)["VIP"]
    place.save([{"name": "VIP", "tag": "Very important"}])
    place.forget_calls()

    run = place.run()

    assert run["status"] == "succeeded", run
    assert place.mailchimp.tags(place.audience) == {"Very important": id_}
    assert place.tags_of()[email(3)] == {"Very important"}
    assert sum(call.members for call in place.calls()) == 0


def test_an_adopted_tag_keeps_its_name_however_the_export_spells_it(place: Place) -> None:
    theirs = place.mailchimp.create_tag(place.audience, "VIP")
    place.put({"email": email(9), "tags": ["VIP"]})
    place.write({"VIP": people(range(3))})
    place.save([{"name": "VIP", "tag": "vip", "adopt": True}])

    first = place.run()
    place.forget_calls()
    second = place.run()

    assert {first["status"], second["status"]} == {"succeeded"}
    assert not place.writes()
    assert place.mailchimp.tags(place.audience) == {"VIP": theirs}
    assert place.tags_of() == {email(n): {"VIP"} for n in (0, 1, 2, 9)}


def test_an_adopted_tag_is_left_to_its_owner_when_the_export_names_another(place: Place) -> None:
    theirs = place.mailchimp.create_tag(place.audience, "VIP")
    place.put({"email": email(9), "tags": ["VIP"]})
    place.write({"VIP": people(range(3))})
    place.save([{"name": "VIP", "adopt": True}])
    place.run()
    place.save([{"name": "VIP", "tag": "Important", "adopt": True}])

    preview = place.run(preview=True)
    run = place.run()

    assert run["status"] == "succeeded", run
    assert preview["plan"]["counts"]["to_tag"] == run["counts"]["tagged"] == 3
    assert preview["plan"]["counts"]["to_untag"] == 3
    assert place.mailchimp.tags(place.audience)["VIP"] == theirs
    assert place.tags_of() == {email(n): {"Important"} for n in range(3)} | {email(9): {"VIP"}}


def test_a_tag_deleted_in_mailchimp_is_given_again(place: Place) -> None:
    place.write({"VIP": people(range(5))})
    place.save(["VIP"])
    place.run()
    place.mailchimp.delete_tag(place.audience, "VIP")

    run = place.run()

    assert run["status"] == "succeeded", run
    assert run["counts"]["tagged"] == 5
    assert place.tags_of() == {email(number): {"VIP"} for number in range(5)}


def test_another_audience_starts_anew_and_leaves_the_old_one_alone(place: Place) -> None:
    place.write({"VIP": people(range(5))})
    place.save(["VIP"])
    place.run()
    before = place.contacts()
    old, place.audience = place.audience, place.mailchimp.add_list(place.account, "Other")
    place.save(["VIP"])
    place.write({"VIP": people(range(2, 7))})

    preview = place.run(preview=True)
    run = place.run()

    for one in (preview, run):
        assert "ledger_restarted" in {warning["code"] for warning in one["warnings"]}
    assert run["status"] == "succeeded", run
    assert set(place.contacts()) == emails(range(2, 7))
    assert place.mailchimp.contacts(old) == before
    assert place.run()["warnings"] == []


def test_new_contacts_are_pending_until_they_confirm(place: Place) -> None:
    place.put({"email": email(0).upper()})
    place.write({"VIP": people(range(3))})
    place.save(["VIP"], status_for_new="pending")

    first = place.run()
    assert place.statuses() == {email(0): "subscribed", email(1): "pending", email(2): "pending"}
    assert place.codes(first) == {email(0): "updated", email(1): "created", email(2): "created"}

    place.write({"VIP": people(range(3), FirstName="New")})
    place.forget_calls()
    second = place.run()
    assert place.codes(second) == {
        email(0): "updated",
        email(1): "unchanged",
        email(2): "unchanged",
    }
    assert sum(call.members for call in place.calls()) == 1

    place.mailchimp.confirm(place.audience, email(1))
    third = place.run()
    assert place.codes(third)[email(1)] == "updated"
    contact = place.contacts()[email(1)]
    assert (contact.status, contact.merge_fields["FNAME"]) == ("subscribed", "New")
    assert contact.tags == {"VIP"}
    assert place.statuses()[email(2)] == "pending"


def test_double_opt_in_that_is_passed_over_is_said(place: Place) -> None:
    place.audience = place.mailchimp.add_list(place.account, "Careful", double_optin=True)
    place.write({"VIP": people(range(2))})

    stored = place.save(["VIP"])
    run = place.run()

    for warnings in (stored["warnings"], run["warnings"]):
        assert "double_optin_bypassed" in {warning["code"] for warning in warnings}
    assert set(place.statuses().values()) == {"subscribed"}
