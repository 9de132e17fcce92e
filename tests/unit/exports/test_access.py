"""Who a caller is, and what that allows."""

import base64
import json
from typing import Any

import pytest

from shared.exports.access import (
    Caller,
    NotSignedInError,
    Role,
    key_holder,
    may_use,
    signed_in,
)
from shared.exports.connection_models import StoredConnection
from tests.support.stored import AT

OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


def principal(*claims: tuple[str, str], role_typ: str = ROLE_TYPE) -> str:
    document = {
        "auth_typ": "aad",
        "role_typ": role_typ,
        "claims": [{"typ": kind, "val": value} for kind, value in claims],
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["Exports.Administrator"], Role.ADMINISTRATOR),
        (["Exports.Contributor"], Role.CONTRIBUTOR),
        (["Exports.Viewer"], Role.VIEWER),
        (["Exports.Viewer", "Exports.Administrator"], Role.ADMINISTRATOR),
        (["exports.administrator"], Role.SIGNED_IN),
        (["Administrator"], Role.SIGNED_IN),
        ([], Role.SIGNED_IN),
    ],
)
@pytest.mark.parametrize("kind", ["roles", ROLE_TYPE])
def test_the_highest_app_role_counts(roles: list[str], role: Role, kind: str) -> None:
    header = principal((OBJECT_ID, "1"), *((kind, name) for name in roles))
    assert signed_in(header).role is role


def test_a_role_may_come_under_the_type_that_the_principal_names() -> None:
    header = principal(("oid", "1"), ("custom", "Exports.Viewer"), role_typ="custom")
    assert signed_in(header).role is Role.VIEWER


def test_a_role_in_any_other_claim_is_none() -> None:
    header = principal(("oid", "1"), ("name", "Exports.Administrator"))
    assert signed_in(header).role is Role.SIGNED_IN


def test_logs_get_the_object_id_and_documents_the_name() -> None:
    header = principal((OBJECT_ID, "1234"), ("preferred_username", "ana"))
    assert (signed_in(header).id, signed_in(header).name) == ("1234", "ana")


def test_a_program_without_a_name_is_known_by_its_id() -> None:
    assert signed_in(principal(("appid", "77"))).name == "77"


def encoded(document: Any) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "not base64!",
        base64.b64encode(b"not json").decode(),
        base64.b64encode(b"\xff").decode(),
        encoded([]),
        encoded({"claims": "all"}),
        encoded({"claims": [1, {"typ": "oid"}, {"typ": 1, "val": 2}]}),
        encoded({}),
    ],
)
def test_without_a_readable_principal_nobody_is_signed_in(header: str | None) -> None:
    with pytest.raises(NotSignedInError):
        signed_in(header)


def test_whoever_holds_a_key_is_an_administrator_on_the_routes_that_it_opens() -> None:
    for role in (Role.ADMINISTRATOR, Role.CONTRIBUTOR, Role.VIEWER):
        assert key_holder(role).role is Role.ADMINISTRATOR
    assert key_holder(Role.ANYONE).role is Role.ANYONE


@pytest.mark.parametrize(
    ("role", "shared_with", "may"),
    [
        (Role.ADMINISTRATOR, "administrators", True),
        (Role.ADMINISTRATOR, "contributors", True),
        (Role.CONTRIBUTOR, "contributors", True),
        (Role.CONTRIBUTOR, "administrators", False),
        (Role.VIEWER, "contributors", False),
    ],
)
def test_contributors_use_what_is_shared_with_them(role: Role, shared_with: str, may: bool) -> None:
    connection = StoredConnection.model_validate(
        {
            "name": "c",
            "display_name": "C",
            "shared_with": shared_with,
            "secret_name": "mailchimp-c",
            "consent": {"accepted": True},
            "created_by": "test",
            "created_at": AT,
            "updated_by": "test",
            "updated_at": AT,
        }
    )
    assert may_use(Caller("1", "1", role), connection) is may


def test_each_role_may_do_what_those_below_it_may() -> None:
    order = tuple(Role)
    for place, role in enumerate(order):
        allowed = [other for other in order if Caller("1", "1", role).may(other)]
        assert tuple(allowed) == order[place:]
