"""What people who do this job have met elsewhere, and what runs make of it here."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_plus

from local.services import Services
from shared.app import App
from shared.exports import store
from shared.exports.access import Role, key_holder
from shared.exports.checks.findings import Findings
from shared.exports.models import Export
from shared.exports.validation import check_export
from tests.support.steps import Steps

TAG_CALL = re.compile(r"POST /lists/\w+/segments/\d+$")
OFFSET = re.compile(r"T[\d:.]+\d([^\d:.&]?[\d:]*)")
HEADER = "CustomerId,Email,FirstName\n"


def writes(steps: Steps) -> list[str]:
    """The account's calls that may change something, as `METHOD path`."""
    account = steps.account.account_id
    calls = steps.mailchimp.calls()
    return [f"{c.method} {c.path}" for c in calls if c.writes and c.account_id == account]


def offsets(steps: Steps) -> set[str]:
    """The offsets from UTC of the times in queries to Mailchimp."""
    queries = [unquote_plus(call.query) for call in steps.mailchimp.calls()]
    return {found for query in queries for found in OFFSET.findall(query)}


def test_a_header_that_comes_again_in_the_middle_of_a_file_is_nobody(steps: Steps) -> None:
    (file,) = steps.files()
    rows = [f"{steps.name}-{n},{steps.email(n)},P{n}\n" for n in range(3)]
    steps.put(file, HEADER + rows[0] + rows[1] + HEADER + rows[2])

    ended = steps.run()

    assert steps.contacts() == {steps.email(n) for n in range(3)}
    assert ended["outcomes"] == {"created": 3, "skipped_invalid_email": 1}


def test_known_contacts_get_one_more_tag_in_calls_of_five_hundred(
    services: Services, app_of_steps: App
) -> None:
    steps = Steps.make(services, app_of_steps, people=1_200)
    steps.run()
    steps.write({"VIP": range(1_200), "Gold": range(1_200)})
    steps.change(segments=["VIP", "Gold"])
    steps.mailchimp.reset_log()

    ended = steps.run()

    assert ended["counts"]["tagged"] == 1_200
    assert steps.mailchimp.tags(steps.audience).keys() == {"VIP", "Gold"}
    contacts = steps.mailchimp.contacts(steps.audience)
    assert all(contact.tags == {"VIP", "Gold"} for contact in contacts.values())
    assert len([call for call in writes(steps) if TAG_CALL.search(call)]) == 3


def test_sixty_tags_of_others_on_a_contact_stay(steps: Steps) -> None:
    others = {f"Other {n}" for n in range(60)}
    steps.mailchimp.put_contacts(
        steps.audience, [{"email": steps.email(1), "status": "subscribed", "tags": sorted(others)}]
    )

    steps.run()
    assert steps.mailchimp.contacts(steps.audience)[steps.email(1)].tags == others | {"VIP"}
    steps.change(removal_limit_percent=100)
    steps.write({"VIP": [0, 2]})
    ended = steps.run()

    assert ended["counts"]["untagged"] == 1
    assert steps.mailchimp.contacts(steps.audience)[steps.email(1)].tags == others


def test_new_customer_ids_for_everybody_remove_and_create_nobody(steps: Steps) -> None:
    steps.run()
    steps.write({"VIP": []})
    file = max(steps.files())
    rows = [f"new-{steps.name}-{n},{steps.email(n)},P{n}\n" for n in range(3)]
    steps.put(file, HEADER + "".join(rows))
    steps.mailchimp.reset_log()

    ended = steps.run()

    assert (ended["status"], ended["counts"]["unchanged"]) == ("succeeded", 3)
    assert writes(steps) == []


def test_mailchimp_s_clock_may_be_days_off(steps: Steps) -> None:
    for seconds in (-4 * 86_400.0, 4 * 86_400.0):
        steps.mailchimp.set(clock_offset_seconds=seconds)
        steps.write({"VIP": range(3 + (seconds > 0))})
        ended = steps.run()
        assert offsets(steps) <= {"+00:00"}
        steps.mailchimp.reset()
        assert (ended["status"], ended["error"]) == ("succeeded", None)
    assert steps.contacts() == {steps.email(n) for n in range(4)}


def test_fifteen_hundred_old_snapshots_are_no_ground_for_a_wrong_one(steps: Steps) -> None:
    def write(number: int) -> None:
        day, hour = divmod(number, 24)
        folder = f"VIP/2025/{day // 28 + 1:02}/{day % 28 + 1:02}/{hour:02}00"
        steps.put(f"{folder}/VIP_1.csv", HEADER + f"x,old-{steps.email(number)},Old\n")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1_500)))

    ended = steps.run()

    assert ended["status"] == "succeeded"
    assert steps.contacts() == {steps.email(n) for n in range(3)}


def test_a_renamed_segment_that_keeps_its_tag_changes_nobody(steps: Steps) -> None:
    steps.run()
    steps.write({"Very important": range(3)})
    steps.change(segments=[{"name": "Very important", "tag": "VIP"}])
    steps.mailchimp.reset_log()

    ended = steps.run()

    assert (ended["status"], ended["counts"]["unchanged"]) == ("succeeded", 3)
    assert writes(steps) == []


def test_a_new_export_says_who_has_its_tag_from_one_that_is_gone(steps: Steps) -> None:
    steps.run()
    gone = steps.export()
    store.delete_export(steps.app.blobs, steps.name)
    written = {name: getattr(gone, name) for name in Export.model_fields}
    anew = Export.model_validate(written | {"name": f"{steps.name}-anew"})
    found = Findings()

    check_export(steps.app, key_holder(Role.ADMINISTRATOR), anew, found)

    assert found.problems == []
    (warning,) = found.warnings
    assert warning.code == "tag_holders_without_export"
    assert dict(warning.params) == {"tag": "VIP", "count": 3}
