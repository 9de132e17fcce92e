"""Tags are static segments: one id, bulk changes by segment, changes by name on a contact."""

import pytest

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, member

PEOPLE = [f"p{n}@contoso.com" for n in range(5)]


@pytest.fixture
def tag_id(mailchimp: Simulator, list_id: str) -> int:
    """A tag without contacts, in an audience with five."""
    mailchimp.put_contacts(list_id, ({"email": email} for email in PEOPLE))
    return mailchimp.create_tag(list_id, "High value")


def tagged(mailchimp: Simulator, list_id: str, tag: str = "High value") -> set[str]:
    """Who has the tag."""
    return {email for email, one in mailchimp.contacts(list_id).items() if tag in one.tags}


def test_adding_and_removing_go_in_one_call(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    api.tag(tag_id, add=PEOPLE[:3])
    answer = api.tag(tag_id, add=PEOPLE[3:4], remove=PEOPLE[:2])
    assert (answer["total_added"], answer["total_removed"], answer["error_count"]) == (1, 2, 0)
    assert [one["email_address"] for one in answer["members_removed"]] == PEOPLE[:2]
    assert tagged(mailchimp, list_id) == set(PEOPLE[2:4])


def test_addresses_are_found_in_any_casing(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    api.tag(tag_id, add=[" P0@CONTOSO.COM"])
    assert tagged(mailchimp, list_id) == {"p0@contoso.com"}


def test_strangers_are_ignored(mailchimp: Simulator, api: Api, tag_id: int) -> None:
    answer = api.tag(tag_id, add=["stranger@contoso.com", PEOPLE[0]])
    assert (answer["total_added"], answer["errors"]) == (1, [])
    mailchimp.set(unknown_in_segment="errors")
    answer = api.tag(tag_id, add=["stranger@contoso.com"])
    assert answer["errors"][0]["email_addresses"] == ["stranger@contoso.com"]


def test_archived_contacts_are_strangers(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    mailchimp.archive(list_id, PEOPLE[0])
    assert api.tag(tag_id, add=PEOPLE[:1])["total_added"] == 0


def test_tagging_again_is_answered_like_the_first_time(
    mailchimp: Simulator, api: Api, tag_id: int
) -> None:
    api.tag(tag_id, add=PEOPLE[:1])
    assert api.tag(tag_id, add=PEOPLE[:1])["total_added"] == 1
    mailchimp.set(repeated_tag_answer="left_out")
    assert api.tag(tag_id, add=PEOPLE[:1])["total_added"] == 0


@pytest.mark.parametrize("name", ["members_to_add", "members_to_remove"])
def test_more_than_five_hundred_are_refused(api: Api, tag_id: int, name: str) -> None:
    body = {name: [f"q{n}@contoso.com" for n in range(501)]}
    assert api.call("POST", f"{api.list}/segments/{tag_id}", body).status_code == 400


def test_five_hundred_additions_and_removals_are_taken(api: Api, tag_id: int) -> None:
    some = [f"q{n}@contoso.com" for n in range(500)]
    assert api.tag(tag_id, add=some, remove=some)["total_added"] == 0


def test_a_saved_segment_is_refused(mailchimp: Simulator, api: Api, list_id: str) -> None:
    saved = mailchimp.create_tag(list_id, "Conditions", kind="saved")
    response = api.call("POST", f"{api.list}/segments/{saved}", {"members_to_add": []})
    assert response.status_code == 404
    assert response.json()["detail"] == (
        f"A Static Segment with an id of {saved} does not exist for this list."
    )


def test_a_segment_counts_active_subscribers_alone(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    api.tag(tag_id, add=PEOPLE)
    mailchimp.unsubscribe_by_self(list_id, PEOPLE[0])
    mailchimp.bounce(list_id, PEOPLE[1])
    mailchimp.archive(list_id, PEOPLE[2])
    path = f"{api.list}/segments/{tag_id}"
    assert api.get(path)["member_count"] == 2
    assert api.get(path, include_unsubscribed="true")["member_count"] == 3
    assert api.get(path + "/members")["total_items"] == 2
    both = api.get(path + "/members", include_unsubscribed="true", include_cleaned="true")
    assert both["total_items"] == 4


def test_inline_tags_and_segments_are_the_same(api: Api, tag_id: int) -> None:
    api.subscribe(member(PEOPLE[0], tags=["high VALUE"]))
    assert api.get(f"{api.list}/segments/{tag_id}")["member_count"] == 1
    found = api.get(f"{api.list}/tag-search", name="high")
    assert found == {"tags": [{"id": tag_id, "name": "High value"}], "total_items": 1}


def test_a_search_finds_beginnings(mailchimp: Simulator, api: Api, list_id: str) -> None:
    for name in ("VIP", "VIP gold", "Not VIP"):
        mailchimp.create_tag(list_id, name)
    names = [tag["name"] for tag in api.get(f"{api.list}/tag-search", name="vip")["tags"]]
    assert names == ["VIP", "VIP gold"]


def test_a_taken_name_is_refused(api: Api, tag_id: int) -> None:
    del tag_id
    body = {"name": "High Value", "static_segment": []}
    response = api.call("POST", f"{api.list}/segments", body)
    assert (response.status_code, response.json()["detail"]) == (
        400,
        "Sorry, that tag already exists.",
    )


def test_segments_are_listed_by_type(mailchimp: Simulator, api: Api, list_id: str) -> None:
    mailchimp.create_tag(list_id, "Tag")
    mailchimp.create_tag(list_id, "Conditions", kind="saved")
    path = f"{api.list}/segments"
    assert [one["name"] for one in api.get(path, type="static")["segments"]] == ["Tag"]
    assert api.get(path)["total_items"] == 2


def test_a_patch_replaces_all_members_and_renames(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    api.tag(tag_id, add=PEOPLE[:2])
    path = f"{api.list}/segments/{tag_id}"
    api.call("PATCH", path, {"name": "Renamed", "static_segment": PEOPLE[4:]})
    assert tagged(mailchimp, list_id, "Renamed") == set(PEOPLE[4:])
    api.call("PATCH", path, {"name": "Renamed", "static_segment": []})
    assert tagged(mailchimp, list_id, "Renamed") == set()


def test_a_deleted_tag_is_gone_from_everybody(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    api.tag(tag_id, add=PEOPLE)
    path = f"{api.list}/segments/{tag_id}"
    assert api.call("DELETE", path).status_code == 204
    assert api.call("GET", path).status_code == 404
    assert api.call("POST", path, {"members_to_add": PEOPLE}).status_code == 404
    assert tagged(mailchimp, list_id) == set()


def test_a_marketer_renames_and_deletes_tags(
    mailchimp: Simulator, api: Api, list_id: str, tag_id: int
) -> None:
    mailchimp.add_tag(list_id, PEOPLE[:2], "High value")
    mailchimp.rename_tag(list_id, "High value", to="Best")
    assert mailchimp.tags(list_id) == {"Best": tag_id}
    assert [tag["name"] for tag in api.get(api.contact(PEOPLE[0]))["tags"]] == ["Best"]
    mailchimp.remove_tag(list_id, PEOPLE[0], "Best")
    assert tagged(mailchimp, list_id, "Best") == {PEOPLE[1]}
    mailchimp.delete_tag(list_id, "Best")
    assert api.get(api.contact(PEOPLE[1]))["tags"] == []


class TestTagsOfOneContact:
    """The calls on a contact's own tags."""

    def test_they_are_switched_on_and_off_by_name(self, api: Api, tag_id: int) -> None:
        path = api.contact(PEOPLE[0]) + "/tags"
        api.tag(tag_id, add=PEOPLE[:1])
        body = {
            "tags": [
                {"name": "High value", "status": "inactive"},
                {"name": "Unknown", "status": "inactive"},
                {"name": "Made now", "status": "active"},
            ]
        }
        assert api.call("POST", path, body).status_code == 204
        assert [tag["name"] for tag in api.get(path)["tags"]] == ["Made now"]

    def test_a_stranger_is_404(self, api: Api) -> None:
        path = api.contact("stranger@contoso.com") + "/tags"
        body = {"tags": [{"name": "A", "status": "active"}]}
        assert api.call("POST", path, body).status_code == 404
        assert api.call("GET", path).status_code == 404

    def test_all_of_many_can_be_paged_through(self, api: Api, tag_id: int) -> None:
        del tag_id
        api.subscribe(member(PEOPLE[0], tags=[f"tag {n}" for n in range(70)]))
        path = api.contact(PEOPLE[0]) + "/tags"
        assert len(api.get(path)["tags"]) == 10
        assert len(api.get(path, count=100)["tags"]) == 70
