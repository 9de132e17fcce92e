"""The product without a connection string anywhere: its identity opens both storages and the vault.

Azurite speaks OAuth over TLS; the app's DefaultAzureCredential is the real one and asks the local
stand-in of the platform's identity endpoint for tokens.
"""

from collections.abc import Iterator

import pytest
import requests

from local.stack import Stack
from tests.end_to_end.conftest import make_place
from tests.end_to_end.place import Place, email, people, person


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
    run = place.run(export="-large")
    assert run["outcomes"]["skipped_invalid_email"] == 1_000

    answer = place.stack.api("GET", f"runs/{run['id']}/outcomes", allow_redirects=False)

    assert answer.status_code == 307
    url = answer.headers["Location"]
    assert "skoid=" in url, "it is signed with a user delegation key"
    bundle = str(place.stack.services.certificates.bundle)
    fetched = requests.get(url, timeout=60, verify=bundle)
    assert fetched.status_code == 200, fetched.text
    assert fetched.text.startswith("email,customer_id,code,detail,segments\r\n")
    assert fetched.text.count("\r\n") == 1 + 1_003
    # A link to one file opens no other.
    other = requests.get(url.replace("all.csv", "created.csv"), timeout=60, verify=bundle)
    assert other.status_code == 403


def test_everything_was_asked_for_with_tokens(identity_stack: Stack) -> None:
    log = identity_stack.logs()
    assert "AccountKey" not in log
    assert identity_stack.errors() == []
