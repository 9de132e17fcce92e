"""App Service Authentication, as far as an app sees it: the principal headers.

With it on, nobody outside can set these headers. Who calls is said by the cookie of a session, or
by `x-test-principal`, JSON with `name` and `roles`; a request with neither passes as
unauthenticated.
"""

import base64
import json
import uuid
from collections.abc import Mapping

from local.functions_host.sign_in import Person

TEST_HEADER = "x-test-principal"
_OWN_PREFIXES = ("x-ms-client-principal", "x-ms-token-")
# As Microsoft Entra's: the roles of a token come under `roles`, not under the type named here.
_NAME_TYPE = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
_ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
_OBJECT_TYPE = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def authenticated(headers: Mapping[str, str], signed_in: Person | None) -> dict[str, str]:
    """What reaches the app; names in lower case. Raises ValueError on a bad test header."""
    kept = {
        name: value
        for name, value in headers.items()
        if not name.startswith(_OWN_PREFIXES) and name != TEST_HEADER
    }
    person = _named(headers[TEST_HEADER]) if TEST_HEADER in headers else signed_in
    return kept if person is None else kept | _principal(person)


def _named(text: str) -> Person:
    given = json.loads(text)
    return Person(str(given["name"]), tuple(str(role) for role in given.get("roles", ())))


def _principal(person: Person) -> dict[str, str]:
    object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, person.name))
    claims = [("name", person.name), ("preferred_username", person.name)]
    claims += [(_OBJECT_TYPE, object_id), *(("roles", role) for role in person.roles)]
    principal = {
        "auth_typ": "aad",
        "claims": [{"typ": kind, "val": value} for kind, value in claims],
        "name_typ": _NAME_TYPE,
        "role_typ": _ROLE_TYPE,
    }
    return {
        "x-ms-client-principal": base64.b64encode(json.dumps(principal).encode()).decode(),
        "x-ms-client-principal-id": object_id,
        "x-ms-client-principal-name": person.name,
        "x-ms-client-principal-idp": "aad",
    }
