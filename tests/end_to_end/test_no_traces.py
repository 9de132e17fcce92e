"""Nothing that people could be known by, and no key, is in a log, a queue message or a URL."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy

from tests.end_to_end.test_protected import put_in_state
from tests.support.place import Document, Place, person, until

_QUEUES = "segment-export-"


def profile(number: int, first_name: str = "Dragoljubka") -> Mapping[str, object]:
    """Somebody whose address and names are in no other test, nor in any source."""
    return person(
        number,
        Email=f"Zvjezdoznanka{number}@Neobicno{number}.contoso.com",
        FirstName=f"{first_name}{number}",
        LastName=f"Krivokapovicka{number}",
    )


def test_a_run_leaves_nobodys_address_or_name_and_no_key_behind(
    place: Place, app_storage: str
) -> None:
    everybody = range(40)
    words = {"zvjezdoznanka", "neobicno", "dragoljubka", "krivokapovicka", "preimenovanka"}
    words |= {place.account.api_key, place.account.api_key.partition("-")[0]}
    # Mailchimp names them in its refusals.
    put_in_state(place, "forgotten", [str(profile(n)["Email"]) for n in (1, 2)])
    put_in_state(place, "unsubscribed_by_self", [str(profile(3)["Email"])])
    place.write({"VIP": [profile(n) for n in everybody]})
    place.save(["VIP"], leavers="archive", merge_fields={"FNAME": "FirstName", "LNAME": "LastName"})
    runs: list[Document] = []

    with _messages(app_storage) as messages:
        runs.append(place.run())
        place.write({"VIP": [profile(n, "Preimenovanka") for n in everybody[4:]]})
        runs.append(place.run())
        # A host may take each before it is seen.
        until(lambda: messages or (place.run() and messages), what="a message that waits")

    assert (runs[0]["counts"]["created"], runs[0]["counts"]["rejected"]) == (37, 2)
    assert (runs[1]["counts"]["updated"], runs[1]["counts"]["archived"]) == (36, 1)
    log = place.stack.logs()
    for name, text in {
        "the log": log,
        "messages": "\n".join(messages),
        "URLs": "\n".join(call.path for call in place.calls()),
    }.items():
        assert text, f"{name}: nothing was seen"
        found = [word for word in words if word.casefold() in text.casefold()]
        assert not found, f"{name}: {found}"
    for run in runs:
        assert run["id"] in log


@contextmanager
def _messages(storage: str) -> Iterator[set[str]]:
    """Collect the messages of all of the app's queues while they wait for a host."""
    found: set[str] = set()
    over = Event()

    def look() -> None:
        with QueueServiceClient.from_connection_string(storage) as service:
            while not over.is_set():
                for queue in service.list_queues(name_starts_with=_QUEUES):
                    client = service.get_queue_client(
                        queue, message_decode_policy=TextBase64DecodePolicy()
                    )
                    found.update(message.content for message in client.peek_messages(32))
                time.sleep(0.01)

    looker = Thread(target=look, daemon=True)
    looker.start()
    try:
        yield found
    finally:
        over.set()
        looker.join(30)
