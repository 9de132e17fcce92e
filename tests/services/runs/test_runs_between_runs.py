"""What one export's run does while another one is between two of its steps, or was put back."""

from shared.exports import store
from shared.runs import ledger
from shared.runs.upkeep.retention import drop_orphaned_ledgers
from tests.support.days import Days, who
from tests.support.steps import Steps


def test_whom_another_export_takes_after_the_plan_is_not_archived_by_it(steps: Steps) -> None:
    off = {"active": False, "kind": "none"}
    days = Days.begin(steps, club={"leavers": "archive", "schedule": off}, leavers="archive")
    days.renew(vip=[1, 2])
    days.run(days.vip)
    days.renew(vip=[])
    run = days.vip.start()
    days.vip.plan(run)

    # Planned as a leaver; the other export has its first run in between.
    days.renew(club=[1])
    days.run(days.club)
    days.vip.lane()
    days.vip.finish(run)

    # Who else holds whom has changed: the next run looks again.
    assert (days.status(1), days.status(2)) == ("subscribed", "subscribed")
    days.run(days.vip)
    assert (days.status(1), days.status(2)) == ("subscribed", "archived")


def test_a_ledger_put_back_from_before_archives_nobody_whom_another_export_has(
    steps: Steps,
) -> None:
    days = Days.begin(steps, club={"leavers": "archive"}, leavers="archive")
    days.renew(vip=[1], club=[])
    days.run()
    days.renew(vip=[])
    days.run(days.vip)
    backup = {
        blob.name: steps.app.blobs.read(blob.name)
        for blob in steps.app.blobs.list(ledger_folder(days.vip))
    }
    assert days.status(1) == "subscribed"
    # Back, and then to the other export's segment.
    days.renew(vip=[1], club=[])
    days.run()
    days.renew(vip=[], club=[1])
    days.run(days.club, days.vip)
    steps.app.blobs.delete_all(ledger_folder(days.vip))
    for name, content in backup.items():
        steps.app.blobs.write(name, content)

    days.run()
    days.run()

    assert (days.status(1), days.tags(1)) == ("subscribed", {"Club"})


def ledger_folder(steps: Steps) -> str:
    account, audience = steps.account.account_id, steps.audience
    return ledger.load(steps.app.blobs, account, audience, steps.export().uid).folder


def test_no_other_run_looks_between_a_removal_and_its_finish(steps: Steps) -> None:
    days = Days.begin(steps, club={"leavers": "archive"}, leavers="archive")
    days.renew(vip=[1], club=[])
    days.run()
    days.renew(vip=[], club=[])
    days.run(days.club)
    run = days.vip.sent()
    assert days.status(1) == "archived"

    between = days.club.start()
    days.club.plan(between)
    assert days.club.record(between)["waiting_for"] == "audience"
    days.vip.finish(run)
    days.club.plan(between)
    days.club.lane()
    days.club.finish(between)
    days.renew(vip=[1], club=[])
    days.run(days.vip)

    # Ours as before: she is asked to come back.
    assert days.status(1) == "pending"


def test_a_tag_that_two_exports_let_go_of_at_once_is_taken_by_the_next_run(steps: Steps) -> None:
    both = [{"name": "VIP", "tag": "Shared"}], [{"name": "Club", "tag": "Shared"}]
    days = Days.begin(steps, segments=both[0])
    days.club.change(segments=both[1])
    days.renew(vip=[1], club=[1])
    days.run()
    days.renew(vip=[], club=[])
    runs = [(export, export.start()) for export in (days.vip, days.club)]
    for export, run in runs:
        export.plan(run)
    for export, run in runs:
        export.lane()
        export.finish(run)

    days.run()

    assert days.tags(1) == set()
    assert days.tags(20) == {"Shared"}


def test_an_edit_from_one_segment_to_another_waits_for_a_newer_one_of_that(steps: Steps) -> None:
    days = Days.begin(steps, leavers="archive")
    days.renew(vip=[1, 2], club=[])
    days.run(days.vip)

    days.vip.change(segments=["Club"], leavers="archive")
    days.run(days.vip)
    assert (days.status(1), days.status(2)) == ("subscribed", "subscribed")
    days.renew(vip=[], club=[1])
    days.run(days.vip)

    assert (days.status(1), days.tags(1)) == ("subscribed", {"Club"})
    assert days.status(2) == "subscribed"


def test_whom_two_exports_create_at_once_both_hold_and_the_last_one_lets_go(steps: Steps) -> None:
    lost = rf"POST /lists/{steps.audience}($|\?)"
    days = Days.begin(steps, club={"leavers": "archive"}, leavers="archive")
    days.renew(vip=[1], club=[1])
    runs = [(export, export.start()) for export in (days.vip, days.club)]
    for export, run in runs:
        export.plan(run)
    # Neither of the two hears what became of its call.
    steps.mailchimp.fail_next(lost, "reset_after_work", times=2)
    for export, run in runs:
        export.lane()
        export.lane()
        export.finish(run)
    assert days.tags(1) == {"VIP", "Club"}

    days.renew(vip=[], club=[1])
    days.run()
    assert (days.status(1), days.tags(1)) == ("subscribed", {"Club"})
    days.renew(vip=[], club=[])
    days.run()
    days.run()

    assert days.status(1) == "archived"


def test_a_copy_goes_on_with_everybody_when_the_original_is_deleted_or_made_anew(
    steps: Steps,
) -> None:
    days = Days.begin(steps, leavers="archive")
    days.club.change(segments=["VIP"], leavers="archive")
    days.renew(vip=[1, 2])
    days.run()
    stored = days.vip.export()
    store.delete_export(steps.app.blobs, stored.name)
    drop_orphaned_ledgers(steps.app)
    steps.mailchimp.reset_log()
    days.run(days.club)
    assert not [call for call in steps.mailchimp.calls() if call.writes]

    # Under the same name, as another export.
    again = stored.model_copy(update={"uid": store.new_uid()})
    store.save_export(steps.app.blobs, again, None)
    days.run(days.vip)
    assert days.outcome(days.vip, 1) == "updated"
    days.renew(vip=[1])
    days.run(days.vip, days.club, days.vip)

    assert (days.status(1), days.status(2)) == ("subscribed", "archived")


def test_who_was_unsubscribed_by_a_call_without_an_answer_is_not_taken_by_another_export(
    steps: Steps,
) -> None:
    days = Days.begin(steps, leavers="unsubscribe")
    days.renew(vip=[1])
    days.run(days.vip)
    days.renew(vip=[])
    steps.mailchimp.fail_next(r"PATCH /lists/.+/members/", "reset_after_work", times=None)
    days.run(days.vip)
    steps.mailchimp.clear_faults()
    assert days.status(1) == "unsubscribed"

    days.renew(vip=[], club=[who(1, name="New")])
    days.run(days.club, days.vip)

    assert days.outcome(days.club, 1) == "skipped_unsubscribed"
    assert days.status(1) == "unsubscribed"


def test_a_segment_that_is_rightly_empty_is_emptied_once_a_person_says_so(steps: Steps) -> None:
    days = Days.begin(steps, leavers="archive")
    days.renew(vip=[1])
    days.run(days.vip)
    days.vip.put("VIP/2026/11/28/0600/VIP_1.csv", "CustomerId,Email,FirstName,Consent\n")
    assert days.vip.run()["status"] == "skipped"
    assert days.status(1) == "subscribed"

    days.run_with(days.vip, allow_removals=True)

    assert days.status(1) == "archived"


def test_with_an_older_snapshot_of_one_segment_nobody_is_removed_who_left_the_other(
    steps: Steps,
) -> None:
    days = Days.begin(steps, leavers="archive")
    days.vip.change(segments=["VIP", "Club"])
    days.renew(vip=[], club=[1])
    days.run(days.vip)
    days.renew(vip=[1], club=[1])
    days.run(days.vip)
    # The snapshot is gone that had her, and the other segment has her no more.
    days.vip.segments.delete_blob(f"{days.vip.folder}/VIP/2026/11/02/0600/VIP_1.csv")
    days.renew(club=[])

    days.run(days.vip, days.vip)

    assert days.status(1) == "subscribed"
    assert "VIP" in days.tags(1)
