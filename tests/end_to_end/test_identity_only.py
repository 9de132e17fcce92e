"""The product without a connection string anywhere: its identity opens both storages and the vault.

Azurite speaks OAuth over TLS; the app's DefaultAzureCredential is the real one and asks the local
stand-in of the platform's identity endpoint for tokens.
"""

import base64
import hmac
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobServiceClient

from local.identity import issue_token
from local.stack import Stack
from tests.support.place import Place, email, make_place, people, person

# Azurite checks signatures in the form of this version. The SDK signs in a newer one, with two more
# lines for headers and parameters that a link may be bound to: so the link is checked by hand, and
# then fetched in the older form, signed with the same key.
_AZURITES = "2025-11-05"
_SINCE_2026 = ("", "")


class Link:
    """A URL that is signed with a user delegation key.

    https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self.query = {name: values[0] for name, values in parse_qs(self._url.query).items()}

    def delegation_key(self, stack: Stack) -> bytes:
        """The key that the storage gives the app's identity for the link's time."""
        begin, end = (datetime.fromisoformat(self.query[name]) for name in ("skt", "ske"))
        bundle = str(stack.services.certificates.bundle)
        with BlobServiceClient(
            stack.azurite.blob_url, credential=_Token(), connection_verify=bundle
        ) as service:
            return base64.b64decode(service.get_user_delegation_key(begin, end).value or "")

    def signature(self, key: bytes, *more: str, version: str = "") -> str:
        """What the link's signature has to be; `more` are the lines of newer versions."""
        q = self.query
        delegated = [q[name] for name in ("skoid", "sktid", "skt", "ske", "sks", "skv")]
        lines = [q["sp"], q["st"], q["se"], f"/blob{self._url.path}", *delegated]
        lines += ["", "", "", "", "", "", q["spr"], version or q["sv"], q["sr"], "", ""]
        lines += [*more, "", q["rscd"], "", "", ""]
        return base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), "sha256")).decode()

    def of(self, version: str, key: bytes) -> str:
        """The same link as of an older version."""
        signature = self.signature(key, version=version)
        query = urlencode({**self.query, "sv": version, "sig": signature})
        return self._url._replace(query=query).geturl()


class _Token:
    """The app's identity, for this process."""

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """Return a token as the platform gives it."""
        return AccessToken(*issue_token("https://storage.azure.com"))


@pytest.fixture(scope="module")
def identity_stack() -> Iterator[Stack]:
    with Stack.start(environment={}, identity=True) as stack:
        yield stack


@pytest.fixture(scope="module")
def place(identity_stack: Stack) -> Place:
    return make_place(identity_stack)


def test_no_setting_holds_a_key(identity_stack: Stack) -> None:
    azurite = identity_stack.azurite
    for name, value in identity_stack.settings.items():
        assert azurite.account_key not in value, name
        assert "AccountKey" not in value, name
        assert "SharedAccessSignature" not in value, name
    for connection in ("AzureWebJobsStorage", "SegmentStorage"):
        assert connection not in identity_stack.settings
        assert identity_stack.settings[f"{connection}__blobServiceUri"].startswith("https://")


def test_a_segment_is_exported_and_erased(place: Place) -> None:
    place.write({"Readers": people(range(200))})
    place.save(["Readers"])
    run = place.run()
    assert (run["status"], run["outcomes"]) == ("succeeded", {"created": 200})
    assert place.contacts().keys() == {email(number) for number in range(200)}
    assert place.run()["outcomes"] == {"unchanged": 200}
    place.stack.ask("POST", "erasures", {"email": email(7)})
    assert place.run()["outcomes"] == {"unchanged": 199, "skipped_erased": 1}


def test_both_results_of_verifying_are_good(place: Place) -> None:
    found = place.stack.ask("POST", f"connections/{place.name}/verify")
    assert found["mailchimp"]["ok"], found
    assert found["segment_storage"]["ok"], found


def test_a_large_result_is_fetched_by_a_link_signed_for_the_identity(place: Place) -> None:
    # Rows that are not sent make a large file out of a small run.
    nonsense = [person(number, Email="x" * 9_000) for number in range(1_000, 2_000)]
    place.write({"Large": [*people(range(3)), *nonsense]})
    place.save(["Large"], export="-large")
    run = place.stack.ended(place.start(export="-large")["id"])
    assert run["outcomes"]["skipped_invalid_email"] == 1_000

    answer = requests.get(
        f"{place.stack.hosts[0].url}/api/runs/{run['id']}/outcomes",
        headers={"x-functions-key": place.stack.keys.master},
        timeout=60,
        allow_redirects=False,
    )

    assert answer.status_code == 307
    link = Link(answer.headers["Location"])
    assert link.query["spr"] == "https"
    key = link.delegation_key(place.stack)
    assert link.query["sig"] == link.signature(key, *_SINCE_2026)
    bundle = str(place.stack.services.certificates.bundle)
    fetched = requests.get(link.of(_AZURITES, key), timeout=60, verify=bundle)
    assert fetched.status_code == 200, fetched.text
    assert fetched.text.startswith('"email","customer_id","code","detail","segments"\r\n')
    assert fetched.text.count("\r\n") == 1 + 1_003
    # A link to one file opens no other.
    created = link.of(_AZURITES, key).replace("all.csv", "created.csv")
    other = requests.get(created, timeout=60, verify=bundle)
    assert other.status_code == 403


def test_everything_was_asked_for_with_tokens(identity_stack: Stack) -> None:
    log = identity_stack.logs()
    assert "AccountKey" not in log
    assert identity_stack.errors() == []
