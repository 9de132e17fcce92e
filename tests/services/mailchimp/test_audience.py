from collections.abc import Set

import pytest

from shared.mailchimp.answers import Tag
from shared.mailchimp.audience import (
    TagChoice,
    WantedTag,
    apply_choice,
    choose_tags,
    create_missing_fields,
    read_audience,
)
from shared.mailchimp.errors import RefusedError
from tests.services.mailchimp.conftest import Mailchimp

GOLD = Tag(5, "Gold")
NONE: frozenset[int] = frozenset()


def choice(
    want: WantedTag,
    made: Set[int],
    *existing: Tag,
    given: Set[int] = NONE,
    shared: Set[int] = NONE,
) -> tuple[str, int | None]:
    (chosen,) = choose_tags([want], existing, made=made, given=given, shared=shared)
    return chosen.action, chosen.id


def test_a_new_tag_is_created() -> None:
    assert choice(WantedTag("High", "Gold"), NONE) == ("create", None)


def test_somebody_else_s_tag_is_used_only_when_adopted() -> None:
    assert choice(WantedTag("High", "Gold"), NONE, GOLD) == ("conflict", 5)
    assert choice(WantedTag("High", "gold"), NONE, GOLD) == ("conflict", 5)
    assert choice(WantedTag("High", "Gold", adopt=True), NONE, GOLD) == ("use", 5)


def test_a_tag_that_the_export_gives_already_need_not_be_adopted_again() -> None:
    assert choice(WantedTag("High", "Gold", known_id=5), NONE, GOLD, given={5}) == ("use", 5)
    assert choice(WantedTag("New", "gold"), NONE, GOLD, given={5}) == ("use", 5)


def test_a_tag_of_this_product_is_used() -> None:
    assert choice(WantedTag("High", "Gold"), {5}, GOLD) == ("use", 5)


def test_a_tag_that_people_have_renamed_stays_the_segment_s_under_its_new_name() -> None:
    want = WantedTag("High", "VIP", known_id=5, before="VIP")
    (chosen,) = choose_tags([want], [GOLD], made={5}, given={5}, shared={5})
    assert chosen == TagChoice("High", "Gold", "use", 5, "VIP")
    assert chosen.is_renamed_by_people
    # Whoever has made another one of the old name.
    assert choice(want, {5}, GOLD, Tag(6, "VIP"), given={5}) == ("use", 5)


def test_a_tag_that_was_deleted_is_created_again() -> None:
    want = WantedTag("High", "Gold", known_id=5)
    assert choice(want, {5}, given={5}) == ("create", None)


@pytest.mark.parametrize("before", ["Gold", "VIP"])
def test_a_tag_of_this_product_follows_the_export_s_name_for_it(before: str) -> None:
    want = WantedTag("High", "Top", known_id=5, before=before)
    assert choice(want, {5}, GOLD, given={5}) == ("rename", 5)


def test_an_adopted_tag_is_not_renamed() -> None:
    want = WantedTag("High", "Top", adopt=True, known_id=5)
    assert choice(want, NONE, GOLD, given={5}) == ("create", None)


def test_a_tag_that_another_export_uses_is_not_renamed() -> None:
    want = WantedTag("High", "Top", known_id=5)
    assert choice(want, {5}, GOLD, given={5}, shared={5}) == ("create", None)
    top = Tag(6, "Top")
    assert choice(want, {5, 6}, GOLD, top, given={5}, shared={5}) == ("use", 6)


@pytest.mark.parametrize("made", [set(), {5}])
@pytest.mark.parametrize("shared", [set(), {5}])
def test_a_tag_is_used_under_its_own_spelling(made: set[int], shared: set[int]) -> None:
    want = WantedTag("High", "GOLD", adopt=True, known_id=5)
    (chosen,) = choose_tags([want], [GOLD], made=made, given={5}, shared=shared)
    assert chosen == TagChoice("High", "Gold", "use", 5, "GOLD")
    assert not chosen.is_renamed_by_people


def test_a_tag_that_another_segment_gets_now_is_not_renamed() -> None:
    wanted = [WantedTag("High", "Top", known_id=5), WantedTag("New", "gold")]
    assert choose_tags(wanted, [GOLD], made={5}, given={5}, shared=()) == [
        TagChoice("High", "Top", "create", None, "Top"),
        TagChoice("New", "Gold", "use", 5, "gold"),
    ]


def test_a_renaming_never_meets_somebody_else_s_tag() -> None:
    theirs = Tag(6, "Top")
    want = WantedTag("High", "Top", known_id=5)
    assert choice(want, {5}, GOLD, theirs, given={5}) == ("conflict", 6)


def test_choices_are_applied(mailchimp: Mailchimp) -> None:
    list_id, client = mailchimp.list_id, mailchimp.client
    tag_id = apply_choice(client, list_id, TagChoice("High", "Gold", "create"))
    assert apply_choice(client, list_id, TagChoice("High", "Top", "rename", tag_id)) == tag_id
    assert apply_choice(client, list_id, TagChoice("High", "Top", "use", tag_id)) == tag_id
    assert [(tag.id, tag.name) for tag in read_audience(client, list_id).tags] == [(tag_id, "Top")]
    with pytest.raises(ValueError, match="person"):
        apply_choice(client, list_id, TagChoice("High", "Top", "conflict", tag_id))


def test_missing_merge_fields_are_created_once(mailchimp: Mailchimp) -> None:
    list_id, client = mailchimp.list_id, mailchimp.client
    mapping = {"FNAME": "FirstName", "LOYALTYPOINTS": "Points", "TIER": "Tier"}
    before = read_audience(client, list_id).merge_fields
    first = create_missing_fields(client, list_id, mapping, before, {"Points": "int64"})
    assert {plan.tag: plan.type for plan in first.plans} == {
        "FNAME": "text",
        "LOYALTYPOI": "number",
        "TIER": "text",
    }
    assert first.missing == ()
    mailchimp.simulator.reset_log()
    # As it looked before: the other run's fields are found when creating them is refused.
    again = create_missing_fields(client, list_id, mapping, before, {"Points": "int64"})
    assert again == first
    after = read_audience(client, list_id).merge_fields
    assert len(after) == len(before) + 2
    assert not any(field.public for field in after if field.tag in ("TIER", "LOYALTYPOI"))


def test_a_full_audience_says_which_field_did_not_fit_and_keeps_none(mailchimp: Mailchimp) -> None:
    mailchimp.simulator.set(merge_field_limit=5)
    fields = read_audience(mailchimp.client, mailchimp.list_id).merge_fields
    mapping = {"SHOP": "Shop", "TIER": "Tier"}
    with pytest.raises(RefusedError) as caught:
        create_missing_fields(mailchimp.client, mailchimp.list_id, mapping, fields)
    mailchimp.simulator.set(merge_field_limit=30)
    assert "TIER" in caught.value.detail
    # There was room for the first one: all are created or none.
    assert read_audience(mailchimp.client, mailchimp.list_id).merge_fields == fields
