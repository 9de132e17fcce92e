"""Marketing permissions from columns: a stage of their own, people's own choices kept."""

from typing import Any

import pytest

from shared.audiences import answers
from shared.audiences.answer_ids import permission
from tests.support.steps import Steps


@pytest.fixture
def email(steps: Steps) -> str:
    """A permission that the export fills; its id."""
    ids = steps.mailchimp.add_permissions(steps.audience, ["Email", "Post"])
    use(steps, ids["Email"])
    return ids["Email"]


def use(steps: Steps, id_: str, **more: object) -> None:
    steps.change(marketing_permissions={id_: {"field": "May", "values": ["yes"], **more}})


def write(steps: Steps, answer: object, people: int = 3) -> None:
    steps.write({"VIP": range(people)}, May=answer)


def has(steps: Steps, permission: str) -> list[bool]:
    found = steps.mailchimp.contacts(steps.audience)
    return [permission in found[steps.email(number)].permissions for number in range(3)]


def kept(run: dict[str, Any]) -> int:
    return sum(w["params"]["count"] for w in run["warnings"] if w["code"] == "permission_kept")


def given_by_calls(steps: Steps) -> int:
    return sum(call.method == "PATCH" for call in steps.mailchimp.calls())


def test_who_is_created_gets_it_after_all_is_sent_and_its_change_takes_it(
    steps: Steps, email: str
) -> None:
    write(steps, "Yes")
    run = steps.run()
    assert (run["counts"]["created"], run["counts"]["failed"]) == (3, 0)
    assert has(steps, email) == [True] * 3
    assert run["permissions_at"] >= run["sending_at"]
    assert given_by_calls(steps) == 3
    steps.mailchimp.reset_log()
    assert steps.run()["counts"]["unchanged"] == 3
    assert not [call for call in steps.mailchimp.calls() if call.writes]

    write(steps, "")
    assert steps.run()["counts"]["unchanged"] == 3
    assert has(steps, email) == [True] * 3

    write(steps, "no")
    run = steps.run()
    assert (run["counts"]["updated"], kept(run)) == (3, 0)
    assert has(steps, email) == [False] * 3

    write(steps, "yes")
    assert steps.run()["counts"]["updated"] == 3
    assert has(steps, email) == [True] * 3


@pytest.mark.parametrize("existing", ["leave", "give"])
def test_who_was_there_gets_it_only_where_the_export_says_so_and_never_loses_their_own(
    steps: Steps, email: str, existing: str
) -> None:
    use(steps, email, existing=existing)
    there: list[dict[str, Any]] = [
        {"email": steps.email(0)},
        {"email": steps.email(1), "permissions": [email]},
    ]
    steps.mailchimp.put_contacts(steps.audience, there)
    write(steps, "yes")
    steps.run()
    assert has(steps, email) == [existing == "give", True, True]

    write(steps, "no")
    steps.run()
    assert has(steps, email) == [False, True, False]


def test_what_a_person_chose_since_stays_and_is_told(steps: Steps, email: str) -> None:
    write(steps, "yes")
    steps.run()
    steps.mailchimp.permit(steps.audience, steps.email(0), email, has=False)
    write(steps, "no")
    steps.run()
    steps.mailchimp.permit(steps.audience, steps.email(1), email, has=True)

    write(steps, "yes")
    run = steps.run()

    assert has(steps, email) == [False, True, True]
    assert kept(run) == 1
    write(steps, "no")
    steps.run()
    assert has(steps, email) == [False, True, False]


def test_who_left_before_it_was_given_is_left_alone(steps: Steps, email: str) -> None:
    write(steps, "yes")
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.put_contacts(
        steps.audience, [{"email": steps.email(0), "status": "unsubscribed", "compliance": True}]
    )
    steps.lane()
    steps.finish(run)
    assert has(steps, email) == [False, True, True]
    codes = {row["email"]: row["code"] for row in steps.outcomes(run)}
    assert codes[steps.email(0)] == "skipped_unsubscribed"


def test_a_permission_that_mailchimp_refuses_fails_its_contacts_in_words_and_is_asked_again(
    steps: Steps, email: str
) -> None:
    write(steps, "yes")
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.delete_permission(steps.audience, email)
    steps.lane()
    steps.finish(run)

    rows = steps.outcomes(run)
    assert {row["code"] for row in rows} == {"rejected_other"}
    assert all(row["detail"].startswith("marketing permissions: ") for row in rows)
    assert len(steps.contacts()) == 3

    steps.mailchimp.add_permissions(steps.audience, ["Email"])
    assert steps.run()["counts"]["updated"] == 3
    assert has(steps, email) == [True] * 3


def test_one_that_is_gone_is_left_out_and_counted(steps: Steps, email: str) -> None:
    steps.mailchimp.put_contacts(steps.audience, [{"email": "somebody@contoso.com"}])
    steps.mailchimp.delete_permission(steps.audience, email)
    write(steps, "yes")
    run = steps.run()
    assert run["counts"]["created"] == 3
    (warning,) = run["warnings"]
    assert warning["params"]["reason"] == "permission_gone"
    assert warning["params"]["field"] == f"marketing_permissions.{email}"


def test_it_is_remembered_beside_interests(steps: Steps, email: str) -> None:
    news = steps.mailchimp.add_interests(steps.audience, "Topics", ["News"])["News"]
    steps.change(interests={news: {"field": "May", "values": ["yes"]}})
    write(steps, "yes")
    steps.run()
    known, rows = answers.read(steps.app.blobs, steps.account.account_id, steps.audience)
    assert known.interests == (permission(email), news)
    assert rows["gave"].to_list() == [3, 3, 3]
    assert has(steps, email) == [True] * 3
    assert has_interest(steps, news) == [True] * 3


def has_interest(steps: Steps, interest: str) -> list[bool]:
    found = steps.mailchimp.contacts(steps.audience)
    return [interest in found[steps.email(number)].interests for number in range(3)]


def test_a_run_that_fails_before_says_so_and_the_next_one_gives_it(
    steps: Steps, email: str
) -> None:
    write(steps, "yes")
    run = steps.start()
    steps.plan(run)
    steps.mailchimp.fail_next("^PATCH .*/members/", "403_json")
    steps.lane()
    steps.finish(run)
    assert steps.record(run)["status"] == "failed"
    rows = steps.outcomes(run)
    assert {row["code"] for row in rows} == {"failed"}
    assert all("marketing permissions: not" in row["detail"] for row in rows)
    assert has(steps, email) == [False] * 3

    assert steps.run()["counts"]["updated"] == 3
    assert has(steps, email) == [True] * 3
