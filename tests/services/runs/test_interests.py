"""Interests from columns: given once, taken only where ours, people's own choices kept."""

from typing import Any

import pytest

from shared.audiences import answers
from tests.support.erasing import erase_here
from tests.support.steps import Steps


@pytest.fixture
def news(steps: Steps) -> str:
    """An interest that the export fills; its id."""
    ids = steps.mailchimp.add_interests(steps.audience, "Topics", ["News", "Offers"])
    use(steps, ids["News"])
    return ids["News"]


def use(steps: Steps, interest: str, **more: object) -> None:
    steps.change(interests={interest: {"field": "News", "values": ["yes", "1"], **more}})


def write(steps: Steps, answer: object, people: int = 3) -> None:
    steps.write({"VIP": range(people)}, News=answer)


def has(steps: Steps, number: int, interest: str) -> bool:
    contact = steps.mailchimp.contacts(steps.audience)[steps.email(number)]
    return interest in contact.interests


def kept(run: dict[str, Any]) -> int:
    return sum(w["params"]["count"] for w in run["warnings"] if w["code"] == "permission_kept")


def test_an_answer_gives_an_interest_to_who_is_created_and_its_change_takes_it(
    steps: Steps, news: str
) -> None:
    write(steps, "Yes")
    assert steps.run()["counts"]["created"] == 3
    assert has(steps, 0, news)
    steps.mailchimp.reset_log()
    assert steps.run()["counts"]["unchanged"] == 3
    assert not [call for call in steps.mailchimp.calls() if call.writes]

    write(steps, "")
    assert steps.run()["counts"]["unchanged"] == 3
    assert has(steps, 0, news)

    write(steps, "no")
    run = steps.run()
    assert (run["counts"]["updated"], kept(run)) == (3, 0)
    assert not has(steps, 0, news)

    write(steps, "1")
    assert steps.run()["counts"]["updated"] == 3
    assert has(steps, 0, news)


def test_who_was_there_gets_it_only_where_the_export_says_so_and_never_loses_their_own(
    steps: Steps, news: str
) -> None:
    there: list[dict[str, Any]] = [
        {"email": steps.email(0)},
        {"email": steps.email(1), "interests": [news]},
    ]
    steps.mailchimp.put_contacts(steps.audience, there)
    write(steps, "yes")
    assert steps.run()["counts"]["updated"] == 2
    assert [has(steps, number, news) for number in range(3)] == [False, True, True]

    write(steps, "no")
    steps.run()
    assert [has(steps, number, news) for number in range(3)] == [False, True, False]


def test_existing_contacts_get_a_first_yes_where_the_export_says_so(
    steps: Steps, news: str
) -> None:
    use(steps, news, existing="give")
    there: list[dict[str, Any]] = [
        {"email": steps.email(0)},
        {"email": steps.email(1), "interests": [news]},
    ]
    steps.mailchimp.put_contacts(steps.audience, there)
    write(steps, "yes")
    steps.run()
    assert [has(steps, number, news) for number in range(3)] == [True, True, True]

    write(steps, "no")
    steps.run()
    assert [has(steps, number, news) for number in range(3)] == [False, True, False]


def test_what_a_person_chose_since_stays_and_is_told(steps: Steps, news: str) -> None:
    write(steps, "yes")
    steps.run()
    steps.mailchimp.choose(steps.audience, steps.email(0), news, has=False)
    write(steps, "no")
    steps.run()
    steps.mailchimp.choose(steps.audience, steps.email(1), news, has=True)

    write(steps, "yes")
    run = steps.run()

    # Who had taken it keeps that, who took it up again has it already.
    assert [has(steps, number, news) for number in range(3)] == [False, True, True]
    assert kept(run) == 1
    write(steps, "no")
    steps.run()
    assert [has(steps, number, news) for number in range(3)] == [False, True, False]


def test_a_first_time_is_one_for_all_exports_and_full_runs(steps: Steps, news: str) -> None:
    use(steps, news, existing="give")
    write(steps, "yes")
    steps.run()
    steps.mailchimp.choose(steps.audience, steps.email(0), news, has=False)

    other = steps.beside("-other")
    assert other.run()["counts"]["updated"] == 3

    assert [has(steps, number, news) for number in range(3)] == [False, True, True]


def test_an_interest_that_is_gone_is_left_out_and_counted(steps: Steps, news: str) -> None:
    write(steps, "yes")
    steps.mailchimp.delete_interest(steps.audience, news)
    run = steps.run()
    assert run["counts"]["created"] == 3
    (warning,) = run["warnings"]
    assert warning["params"]["reason"] == "interest_gone"
    assert warning["params"]["field"] == f"interests.{news}"


def test_a_language_is_changed_while_it_is_as_this_product_wrote_it(steps: Steps) -> None:
    steps.change(language_field="Language")
    steps.mailchimp.put_contacts(steps.audience, [{"email": steps.email(2), "language": "lv"}])
    steps.write({"VIP": range(3)}, Language="hr")
    steps.run()
    steps.mailchimp.set_language(steps.audience, steps.email(1), "de")

    steps.write({"VIP": range(3)}, Language="en-GB")
    steps.run()

    found = steps.mailchimp.contacts(steps.audience)
    assert [found[steps.email(n)].language for n in range(3)] == ["en", "de", "lv"]
    assert steps.run()["counts"]["unchanged"] == 3


def test_an_erased_person_is_in_no_answers(steps: Steps, news: str) -> None:
    write(steps, "yes")
    steps.run()
    account = steps.account.account_id
    assert answers.read(steps.app.blobs, account, steps.audience)[1].height == 3
    del news

    erase_here(steps.app, email=steps.email(0))

    rows = answers.read(steps.app.blobs, account, steps.audience)[1]
    assert steps.email(0) not in rows["email"].to_list()
    assert rows.height == 2


def test_an_export_without_answers_makes_no_document_of_them(steps: Steps) -> None:
    steps.run()
    found = answers.load(steps.app.blobs, steps.account.account_id, steps.audience)
    assert found.etag is None
