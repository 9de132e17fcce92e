"""What runs and previews tell of Mailchimp's bill, against what the simulator then counts."""

from typing import Any

from shared.exports import store
from shared.runs.record import RunRequest
from shared.runs.start import start_run
from tests.support.steps import Steps

BILLED = ("subscribed", "unsubscribed", "transactional")


def preview(steps: Steps) -> dict[str, Any]:
    """Preview the export; the bill."""
    asked = RunRequest(requested_by="test", preview=True)
    run = start_run(steps.app, steps.export(), asked).id
    steps.plan(run)
    bill: dict[str, Any] = steps.record(run)["plan"]["bill"]
    return bill


def ended(steps: Steps) -> dict[str, Any]:
    """Run the export; the bill."""
    bill: dict[str, Any] = steps.run()["bill"]
    return bill


def counted(steps: Steps, audience: str | None = None) -> int:
    """Return how many contacts are charged for now."""
    contacts = steps.mailchimp.contacts(audience or steps.audience).values()
    return sum(contact.status in BILLED for contact in contacts)


def exactly(number: int) -> dict[str, int]:
    return {"at_least": number, "at_most": number}


def test_forecast_and_run_tell_what_the_audience_counts_afterwards(steps: Steps) -> None:
    others = [{"email": f"{n}-away@contoso.com", "status": "unsubscribed"} for n in range(2)]
    others += [{"email": "gone@contoso.com", "status": "cleaned"}]
    others += [{"email": "shop@contoso.com", "status": "transactional"}]
    steps.mailchimp.put_contacts(steps.audience, others)
    steps.change(leavers="archive", removal_limit_percent=100)

    first = preview(steps)
    assert first["audience_before"] == counted(steps) == 3
    assert first == ended(steps) | {"counted_at": first["counted_at"]}
    assert first["audience_after"] == first["account_after"] == exactly(counted(steps))
    assert first["would_save_by_archiving"] == {"contacts": 2, "amount": None}
    assert (first["blocks_before"], first["blocks_after"], first["price_change"]) == (None,) * 3

    # Mailchimp's number of the audience is still that of before the first run.
    steps.write({"VIP": [1, 2, 3, 4, 5, 6]})
    second = preview(steps)
    assert second["audience_before"] == second["account_before"] == counted(steps) == 6
    run = ended(steps)
    assert counted(steps) == 6 + 4 - 1
    assert second["audience_after"]["at_most"] == run["audience_after"]["at_most"] == counted(steps)
    assert second["account_after"] == run["account_after"] == exactly(counted(steps))


def test_of_strangers_each_may_be_one_of_those_who_are_sent(steps: Steps) -> None:
    steps.write({"VIP": range(5)})
    strangers = [{"email": steps.email(n)} for n in (0, 1)] + [{"email": "friend@contoso.com"}]
    steps.mailchimp.put_contacts(steps.audience, strangers)

    forecast = preview(steps)
    run = ended(steps)

    assert forecast["audience_before"] == 3
    assert forecast["account_after"] == {"at_least": 5, "at_most": 8}
    assert run["account_after"] == exactly(counted(steps)) == exactly(6)


def test_pending_contacts_may_be_charged_for(steps: Steps) -> None:
    waiting = {"email": "waits@contoso.com", "status": "pending"}
    steps.mailchimp.put_contacts(steps.audience, [waiting])
    steps.change(status_for_new="pending")

    forecast, run = preview(steps), ended(steps)

    assert forecast["account_after"] == run["account_after"] == {"at_least": 0, "at_most": 4}
    assert (forecast["account_before"], counted(steps)) == (0, 0)


def test_blocks_and_price_are_those_of_the_connection(steps: Steps) -> None:
    found = store.load_connection(steps.app.blobs, steps.name)
    assert found is not None
    connection, etag = found
    terms = {
        "plan_size": 1,
        "block_size": 2,
        "block_price": {"amount": 30.5, "currency": "EUR"},
    }
    changed = connection.model_validate(connection.document() | terms)
    store.save_connection(steps.app.blobs, changed, etag)
    gone = [{"email": f"{n}-away@contoso.com", "status": "unsubscribed"} for n in range(2)]
    steps.mailchimp.put_contacts(steps.audience, gone)

    forecast, run = preview(steps), ended(steps)

    for bill in (forecast, run):
        assert (bill["account_before"], bill["blocks_before"]) == (2, 1)
        assert (bill["account_after"], bill["blocks_after"]) == (exactly(5), exactly(2))
        assert bill["price_change"] == {"at_least": 30.5, "at_most": 30.5, "currency": "EUR"}
        assert bill["would_save_by_archiving"] == {"contacts": 2, "amount": 30.5}


def test_the_account_is_charged_for_all_its_audiences(steps: Steps) -> None:
    second = steps.mailchimp.add_list(steps.account, "Second")
    people = [{"email": f"{n}-b@contoso.com", "status": "subscribed"} for n in range(4)]
    people += [{"email": "left@contoso.com", "status": "unsubscribed"}]
    steps.mailchimp.put_contacts(second, people)

    run = ended(steps)

    assert run["account_before"] == counted(steps, second) == 5
    assert run["account_after"] == exactly(8)
    assert (run["audience_before"], counted(steps)) == (0, 3)


def test_withheld_additions_are_not_in_the_bill(steps: Steps) -> None:
    steps.change(growth_limit={"contacts": 2})
    forecast, run = preview(steps), ended(steps)
    assert forecast["account_after"] == run["account_after"] == exactly(0)
