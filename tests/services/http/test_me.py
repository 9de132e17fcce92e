"""Who the caller is, in both modes."""

import pytest

from local.functions_host.process import HostProcess
from local.stack import Stack
from shared.version import VERSION
from tests.services.http.conftest import Caller, signed_in

REST = {"version": VERSION, "downloads": "link"}


def test_a_key_says_what_it_opens(stack: Stack, keys_host: HostProcess) -> None:
    function = Caller(keys_host, {"x-functions-key": stack.keys.function})
    master = Caller(keys_host, {"x-functions-key": stack.keys.master})

    assert function("GET", "me").json() == {
        **REST,
        "name": "function key",
        "role": "contributor",
        "auth": "keys",
    }
    assert function("GET", "me/administrator").status_code == 401
    assert master("GET", "me").json()["role"] == "contributor"
    assert master("GET", "me/administrator").json()["role"] == "administrator"
    assert Caller(keys_host, {})("GET", "me").status_code == 401


@pytest.mark.parametrize("role", ["Administrator", "Contributor", "Viewer", None])
def test_whoever_is_signed_in_learns_their_role(entra_host: HostProcess, role: str | None) -> None:
    caller = signed_in(entra_host, *([role] if role else []))

    assert caller("GET", "me").json() == {
        **REST,
        "name": "ana",
        "role": role and role.lower(),
        "auth": "entra",
    }
    answered = caller("GET", "me/administrator").status_code
    assert answered == (200 if role == "Administrator" else 403)
