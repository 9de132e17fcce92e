"""The connections to one Mailchimp account, and its lists of things page by page."""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Any, Self

from shared.mailchimp import answers, wire
from shared.mailchimp.errors import UnavailableError
from shared.mailchimp.tokens import Token

PAGE = 1000
# No list that is read to its end has more: what goes on and on is no list.
_MOST_PAGES = 100
# Where nothing but the audience is named, a 404 is about the audience.
_AUDIENCE_PATH = re.compile(r"/lists/[^/]+(/(merge-fields|segments|members))?")


class Connection:
    """Calls with the token of one account; raises MailchimpError."""

    def __init__(self, api_url: str, token: Token, timeout: float) -> None:
        """`api_url` may hold `{dc}`; `timeout` is the read timeout of a call in seconds."""
        self.token = token
        self._url = api_url.replace("{dc}", token.data_center).rstrip("/")
        self._timeout = timeout
        self._session = wire.new_session()
        self._session.auth = wire.TokenAuth("Bearer", token.secret)
        self._make: Callable[..., Any] = _at_once

    def under(self, make: Callable[..., Any]) -> Self:
        """Return the same client with every call made by `make`, as by a slot's `call`.

        `make` gets a function and its arguments, and returns what that returns.
        """
        other = copy(self)
        other._make = make
        return other

    def noting(self, note: Callable[[], None]) -> Self:
        """Return the same client with `note`, which may raise, called before each call."""
        make = self._make

        def noted(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as `make`
            note()
            return make(function, *args, **kwargs)

        return self.under(noted)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        read_later: bool = False,
    ) -> wire.Answer:
        """Make one call and return its whole answer; see wire.call for `read_later`."""
        answer: wire.Answer = self._make(
            wire.call,
            self._session,
            method,
            self._url + path,
            params=params,
            body=body,
            timeout=self._timeout,
            audience_call=bool(_AUDIENCE_PATH.fullmatch(path)),
            read_later=read_later,
        )
        return answer

    def pages(self, path: str, params: Mapping[str, str | int], key: str) -> Iterator[wire.Answer]:
        """Read a list to its end; `key` is the member of the answer that holds its items."""
        offset = 0
        for _ in range(_MOST_PAGES):
            answer = self.call("GET", path, {**params, "count": PAGE, "offset": offset})
            yield answer
            items = len(answers.objects(answer.document, key))
            offset += items
            if items < PAGE or offset >= answers.number(answer.document, "total_items"):
                return
        raise UnavailableError("the list has no end")


def _at_once[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)
