"""One HTTP call to Mailchimp: sent once, read whole, and turned into an answer or an error."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import orjson
import requests
import urllib3.exceptions
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError

from shared.mailchimp.errors import (
    MAX_PAGE,
    MailchimpError,
    NoDataCenterError,
    RetryError,
    TimedOutError,
    UnavailableError,
    error_of_answer,
)
from shared.platform.clock import utc_now
from shared.platform.timed_http import TimedAdapter, answered_within

CONNECT_TIMEOUT = 10.0
USER_AGENT = "segment-export/1.0"
# EAI_NODATA has no name on every platform.
_UNKNOWN_NAMES = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
_PIECE = 256 * 1024
# Unpacked. A full answer about 500 contacts, the most that a call is about, has some megabytes.
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """A whole answer with a status of 2xx; `date` is Mailchimp's clock, aware."""

    status: int
    content: bytes
    date: datetime

    @cached_property
    def document(self) -> dict[str, Any]:
        """The answer's JSON object, empty where there is none; raises UnavailableError."""
        document = _parse(self.content)
        if document is None and self.content.strip():
            # A page of some proxy, or half an answer: the call may well have been carried out.
            raise UnavailableError("the answer is not JSON", status=self.status, may_be_open=True)
        return document or {}


class TokenAuth(AuthBase):
    """Sends the token; a session without an auth of its own would look into ~/.netrc."""

    def __init__(self, scheme: str, secret: str) -> None:
        self._header = f"{scheme} {secret}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def new_session() -> requests.Session:
    """Make a session that keeps up to ten connections open and retries nothing by itself."""
    session = requests.Session()
    adapter = TimedAdapter(pool_connections=2, pool_maxsize=10, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    session.headers["Accept-Encoding"] = "gzip"
    return session


def call(  # noqa: PLR0913 - all that a request may have
    session: requests.Session,
    method: str,
    url: str,
    *,
    timeout: float,
    params: Mapping[str, str | int] | None = None,
    body: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
    audience_call: bool = False,
    read_later: bool = False,
) -> Answer:
    """Make one call; `timeout` is in seconds, for all of the answer.

    read_later: leave it to the caller to parse an answer that looks whole.

    Raises MailchimpError: see `error_of_answer` for `audience_call`.
    """
    data: bytes | Mapping[str, str] | None = form
    headers = {}
    if body is not None:
        data = orjson.dumps(body)
        headers["Content-Type"] = "application/json"
    connecting = min(CONNECT_TIMEOUT, timeout)
    try:
        with answered_within(connecting + timeout):
            response = session.request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                auth=auth,
                timeout=(connecting, timeout),
                allow_redirects=False,
                stream=True,
            )
    except requests.RequestException as error:
        raise not_answered(error) from None
    with response:
        status, date = response.status_code, _date(response)
        try:
            content = _read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _cut_short(error, status) from None
    if not 200 <= status < 300:
        raise error_of_answer(
            status,
            _parse(content),
            page=content[:MAX_PAGE].decode(errors="replace"),
            audience_call=audience_call,
        )
    answer = Answer(status, content, date)
    if not (read_later and content.startswith(b"{") and content.endswith(b"}")):
        _ = answer.document
    return answer


def _read(response: requests.Response) -> bytes:
    """Read the body; an answer that is larger than any has is none."""
    pieces = []
    size = 0
    for piece in response.iter_content(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > _MOST_BYTES:
            raise requests.exceptions.ContentDecodingError
    return b"".join(pieces)


def not_answered(error: requests.RequestException) -> RetryError:
    """Tell of a call that has no answer at all whether Mailchimp can have seen it."""
    match error:
        case requests.ConnectTimeout():
            return UnavailableError("no connection in time")
        case requests.Timeout():
            return TimedOutError()
        case requests.exceptions.SSLError() | requests.exceptions.ProxyError():
            return UnavailableError("no connection")
    # requests wraps what urllib3 says; without a connection nothing can have been sent.
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if isinstance(reason, NameResolutionError) and _is_unknown(reason):
        return NoDataCenterError()
    if isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.SSLError):
        return UnavailableError("no connection")
    return UnavailableError("the connection broke", may_be_open=True)


def _is_unknown(error: NameResolutionError) -> bool:
    """Return whether a name is known to be nobody's, and not only not to be had at the moment."""
    cause = error.__cause__
    return isinstance(cause, socket.gaierror) and cause.errno in _UNKNOWN_NAMES


def _cut_short(error: Exception, status: int) -> MailchimpError:
    timed_out = isinstance(error, requests.Timeout) or "timed out" in str(error).lower()
    if timed_out:
        return TimedOutError("the answer did not arrive whole in time", status=status)
    return UnavailableError("the answer was cut", status=status, may_be_open=True)


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        document = orjson.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _date(response: requests.Response) -> datetime:
    """Return the server's clock; ours where it doesn't say."""
    try:
        date = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return utc_now()
    return date if date.tzinfo else date.replace(tzinfo=UTC)
