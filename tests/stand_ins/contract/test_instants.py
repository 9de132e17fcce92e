"""People act at an instant of somebody else's call."""

from typing import Any

import pytest

from local.mailchimp.control import Simulator
from tests.stand_ins.contract.api import Api, member

FIRST, LAST = "first@contoso.com", "last@contoso.com"


@pytest.fixture(autouse=True)
def both(mailchimp: Simulator, list_id: str) -> None:
    """Two people are subscribed, and Mailchimp subscribes whoever it is told to."""
    mailchimp.set(compliance="ignored")
    mailchimp.put_contacts(list_id, [{"email": FIRST}, {"email": LAST}])


@pytest.mark.parametrize(
    ("moment", "after"),
    [
        ("before", ("subscribed", "subscribed")),
        ("during", ("unsubscribed", "subscribed")),
        ("after", ("unsubscribed", "unsubscribed")),
    ],
)
def test_they_unsubscribe_at_an_instant_of_a_bulk_call(
    mailchimp: Simulator, api: Api, list_id: str, moment: Any, after: tuple[str, str]
) -> None:
    mailchimp.act_upon("^POST /lists/", moment, "unsubscribe_by_self", list_id, [FIRST, LAST])
    api.subscribe(member(FIRST), member(LAST))
    found = mailchimp.contacts(list_id)
    assert (found[FIRST].status, found[LAST].status) == after
    assert mailchimp.acted_upon() == [1]


@pytest.mark.parametrize("moment", ["before", "during"])
def test_they_act_before_a_call_about_one_contact_is_done(
    mailchimp: Simulator, api: Api, list_id: str, moment: Any
) -> None:
    mailchimp.act_upon("^DELETE", moment, "unsubscribe_by_self", list_id, FIRST)
    assert api.call("DELETE", api.contact(FIRST)).status_code == 204
    assert mailchimp.contacts(list_id)[FIRST].compliance == "unsubscribed"


def test_they_act_after_some_calls_and_so_many_times(
    mailchimp: Simulator, api: Api, list_id: str
) -> None:
    mailchimp.act_upon("^POST", "before", "add_tag", list_id, FIRST, tag="A", after=1, times=1)
    api.subscribe(member(LAST))
    assert mailchimp.contacts(list_id)[FIRST].tags == set()
    api.subscribe(member(LAST))
    api.subscribe(member(LAST))
    assert mailchimp.contacts(list_id)[FIRST].tags == {"A"}
    assert mailchimp.acted_upon() == [1]


def test_a_moment_that_is_none_is_refused(mailchimp: Simulator, list_id: str) -> None:
    wrong: Any = "meanwhile"
    with pytest.raises(ValueError, match="a moment is one of before, during, after"):
        mailchimp.act_upon("^POST", wrong, "archive", list_id, FIRST)
