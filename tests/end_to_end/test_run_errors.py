"""How a run ends that can't do its work: status, code and a sentence for a marketer."""

from collections.abc import Callable

import pytest

from tests.support.place import Document, Place, email, emails, people


def columns_without_first_name(place: Place) -> None:
    rows = [{"CustomerId": "1", "Email": email(1)}]
    place.write({"VIP": rows})


def unreadable_file(place: Place) -> None:
    written = place.write({"VIP": people(range(3))})
    blob = place.stack.segment_container().get_blob_client(written.partitions["VIP"][0])
    blob.upload_blob(
        b'CustomerId,Email,FirstName\n1,ana@contoso.com,Ana\n2,"broken', overwrite=True
    )


def segment_gone(place: Place) -> None:
    container = place.stack.segment_container()
    for blob in list(container.list_blob_names(name_starts_with=place.folder)):
        container.delete_blob(blob)


def token_revoked(place: Place) -> None:
    place.mailchimp.revoke_key(place.account.api_key)


def user_disabled(place: Place) -> None:
    place.mailchimp.disable_account(place.account)


def secret_gone(place: Place) -> None:
    place.stack.vault.remove(f"mailchimp-{place.name}")
    # What the vault has answered is known for a minute; whoever looks at a connection asks anew.
    assert place.stack.ask("GET", f"connections/{place.name}")["status"] == "broken"


CASES: dict[str, tuple[Callable[[Place], None], str, list[str]]] = {
    "column missing": (columns_without_first_name, "column_missing", ["FirstName", "VIP"]),
    "unreadable file": (unreadable_file, "snapshot_unreadable", ["VIP_1.csv", "line", "VIP"]),
    "segment gone": (segment_gone, "segment_not_found", ["VIP"]),
    "token refused": (token_revoked, "mailchimp_unauthorized", ["Mailchimp"]),
    "secret gone": (secret_gone, "secret_unreadable", ["secret", "vault"]),
    "user disabled": (user_disabled, "mailchimp_denied", ["Mailchimp", "disabled"]),
}


@pytest.mark.parametrize(("harm", "code", "words"), CASES.values(), ids=CASES)
def test_a_run_that_cannot_work_fails_with_a_reason(
    place: Place, harm: Callable[[Place], None], code: str, words: list[str]
) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    harm(place)

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("failed", code), run
    check_sentence(run, words)
    assert place.contacts() == {}


def check_sentence(run: Document, words: list[str]) -> None:
    detail = run["error"]["detail"]
    assert detail.endswith("."), detail
    assert " " in detail
    for word in words:
        assert word in detail, detail
    assert "@" not in detail


def test_an_audience_that_is_gone_fails_the_run(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    other = place.mailchimp.add_account("other")
    secret = place.stack.vault.secrets()[f"mailchimp-{place.name}"]
    place.stack.vault.set(
        f"mailchimp-{place.name}", secret.replace(place.account.api_key, other.api_key)
    )

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("skipped", "connection_not_ready"), run
    account = {"account_id": other.account_id}
    place.stack.ask("POST", f"connections/{place.name}/confirm", account)
    run = place.run()

    assert run["status"] == "failed", run
    assert run["error"]["code"] == "audience_not_found"
    check_sentence(run, ["audience"])


def test_a_schedule_without_a_connection_says_so_and_sends_nothing(place: Place) -> None:
    place.write({"VIP": people(range(3))})
    place.save(["VIP"])
    place.stack.ask("POST", f"exports/{place.name}/detach")
    schedule = {"active": True, "kind": "refresh"}
    place.save(["VIP"], connection=None, schedule=schedule)
    place.ticked(place.runs, what="a scheduled run")

    run = place.ended(place.runs()[-1])

    assert (run["status"], run["error"]["code"]) == ("skipped", "connection_missing"), run
    check_sentence(run, ["connection"])
    assert place.contacts() == {}


def test_empty_snapshots_send_nothing_once_somebody_was_exported(place: Place) -> None:
    place.write({"VIP": people(range(3)), "News": people(range(2, 5))})
    place.save(["VIP", "News"])
    place.run()
    before = place.contacts()
    place.write({"VIP": [], "News": []})

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("skipped", "snapshot_empty"), run
    check_sentence(run, ["empty"])
    assert place.contacts() == before

    # A person says that they are right: they are emptied, and it is not asked again.
    run = place.run(allow_removals=True)
    assert set(place.codes(run).values()) == {"untagged"}
    assert all(tags == set() for tags in place.tags_of().values())
    place.write({"VIP": [], "News": []})
    assert [place.run()["status"], run["status"]] == ["succeeded", "succeeded"]


def test_a_segment_that_is_empty_at_first_is_no_failure(place: Place) -> None:
    place.write({"VIP": []})
    place.save(["VIP"])

    run = place.run()

    assert run["status"] == "succeeded", run
    assert place.contacts() == {}


def test_an_empty_segment_withholds_removals_and_the_others_are_sent(place: Place) -> None:
    place.write({"VIP": people(range(3)), "News": people(range(2, 5))})
    place.save(["VIP", "News"])
    place.run()
    place.write({"VIP": [], "News": people(range(2, 7))})

    run = place.run()

    assert (run["status"], run["error"]["code"]) == ("partial", "removals_withheld"), run
    check_sentence(run, ["VIP", "empty"])
    assert set(place.contacts()) == emails(range(7))
    assert place.tags_of()[email(0)] == {"VIP"}
    withheld = [row for row in place.outcomes(run) if row["detail"] == "removal withheld"]
    assert {row["email"] for row in withheld} == emails(range(2))
    assert {row["code"] for row in withheld} == {"unchanged"}
    assert {row["segments"] for row in withheld} == {""}
