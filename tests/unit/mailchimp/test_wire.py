"""Calls that reached nobody: whether the name is nobody's, or can't be looked up at the moment."""

import socket

import pytest
import requests
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError

from shared.http.tokens import wrong_with_key
from shared.mailchimp.errors import MailchimpError, NoDataCenterError, UnavailableError
from shared.mailchimp.tokens import parse_token
from shared.mailchimp.wire import not_answered

HOST = "us99.api.mailchimp.com"
KEY = parse_token("0123456789abcdef0123456789abcdef-us99")


def unresolved(number: int) -> requests.ConnectionError:
    """The error of requests for a host that was not found so."""
    reason = socket.gaierror(number, "not found")
    found = NameResolutionError(HOST, HTTPSConnection(HOST), reason)
    found.__cause__ = reason
    return requests.ConnectionError(MaxRetryError(HTTPSConnectionPool(HOST), "/3.0/", found))


@pytest.mark.parametrize(
    ("number", "kind"),
    [(socket.EAI_NONAME, NoDataCenterError), (socket.EAI_AGAIN, UnavailableError)],
)
def test_a_data_centre_that_does_not_exist_is_told_from_names_that_can_t_be_had(
    number: int, kind: type[MailchimpError]
) -> None:
    error = not_answered(unresolved(number))
    assert type(error) is kind
    # Nothing was sent.
    assert not error.may_be_open
    wrong = wrong_with_key(error, KEY)
    if kind is UnavailableError:
        assert wrong is None
    else:
        assert wrong is not None
        assert (wrong.field, wrong.code) == ("api_key", "data_center_unknown")
        assert wrong.params == {"data_center": "us99"}
