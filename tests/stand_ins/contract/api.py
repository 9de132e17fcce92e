"""A bare caller of the Marketing API: requests in, responses out, nothing hidden."""

import hashlib
from collections.abc import Sequence
from typing import Any, Self

import requests


def digest(email: str) -> str:
    """The id of a contact in paths."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


def member(email: str, status: str | None = "subscribed", **more: Any) -> dict[str, Any]:
    """One item of a bulk call."""
    return {"email_address": email} | ({"status": status} if status else {}) | more


class Api:
    """Calls to one account; short names for those to one audience."""

    def __init__(self, base: str, key: str, list_id: str) -> None:
        self.base = base
        self.list = f"/lists/{list_id}"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30,
        **query: Any,
    ) -> requests.Response:
        """Any call; the path is below the version."""
        return self._session.request(
            method,
            self.base + path,
            json=body,
            params=query,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that must succeed."""
        response = self.call("GET", path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def subscribe(
        self,
        *members: dict[str, Any],
        update: bool = True,
        sync_tags: bool | None = None,
        **query: Any,
    ) -> Any:
        """A bulk call that must succeed; its JSON."""
        body: dict[str, Any] = {"members": list(members), "update_existing": update}
        if sync_tags is not None:
            body["sync_tags"] = sync_tags
        response = self.call("POST", self.list, body, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def tag(self, tag_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Any:
        """A bulk tagging that must succeed; its JSON."""
        body = {"members_to_add": list(add), "members_to_remove": list(remove)}
        response = self.call("POST", f"{self.list}/segments/{tag_id}", body)
        assert response.status_code == 200, response.text
        return response.json()

    def contact(self, email: str) -> str:
        """The path of a contact."""
        return f"{self.list}/members/{digest(email)}"
