"""States that a page may be in: no key, a lesser key, no network, an app without its storage."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, expect

from local.stack import Stack
from tests.end_to_end.console.conftest import Furnished
from tests.end_to_end.console.variety import verify
from tests.support.browser import Console


@pytest.fixture
def signed_out(app: Furnished, browser: Browser) -> Iterator[Console]:
    context = browser.new_context(locale="en-GB")
    opened = Console(context, app.url)
    yield opened
    opened.watched.check()
    context.close()


def test_a_lesser_key_is_no_sign_out_and_says_what_it_does_not_open(
    app: Furnished, signed_out: Console
) -> None:
    signed_out.open("connections/newsletter")
    signed_out.sign_in(app.stack.keys.function)

    page = signed_out.page
    expect(page.get_by_text("You may not see or do this")).to_be_visible()
    expect(page.get_by_text("Contributor")).to_be_visible()
    signed_out.go("connections")
    add = page.get_by_role("button", name="Add connection")
    expect(add).to_have_attribute("aria-disabled", "true")
    add.click(force=True)
    expect(page.get_by_text("Only administrators may do this").first).to_be_visible()


def test_a_key_is_kept_only_where_that_was_asked_for(app: Furnished, signed_out: Console) -> None:
    signed_out.open("exports")
    signed_out.sign_in(app.master)
    signed_out.page.reload()
    expect(signed_out.page.get_by_label("Access key")).to_be_visible()

    signed_out.page.get_by_label("Keep it in this tab").check()
    signed_out.sign_in(app.master)
    signed_out.page.reload()
    expect(signed_out.page.get_by_role("link", name="Weekly news")).to_be_visible()
    stored = signed_out.page.evaluate("[document.cookie, Object.keys(localStorage).join()]")
    assert stored == ["", ""]


def test_what_was_shown_stays_while_the_network_is_gone(console: Console) -> None:
    expect(console.page.get_by_role("link", name="Weekly news")).to_be_visible()
    console.page.context.set_offline(True)

    expect(console.page.get_by_text("This device is offline.")).to_be_visible()
    expect(console.page.get_by_role("link", name="Weekly news")).to_be_visible()
    console.page.context.set_offline(False)
    expect(console.page.get_by_text("This device is offline.")).to_be_hidden()
    # What the browser itself writes about requests that it could not make.
    console.watched.said.clear()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "It does not exist, or not any more."),
        (500, "The app has failed."),
        (503, "is not available."),
    ],
)
def test_what_the_host_answers_without_a_body_is_told_by_its_status(
    console: Console, status: int, said: str
) -> None:
    console.page.route(
        re.compile(r"/api/exports/weekly-news(\?|$)"), lambda route: route.fulfill(status=status)
    )
    console.go("exports/weekly-news")

    expect(console.page.get_by_text(said).first).to_be_visible()
    # What the browser itself writes about such answers.
    console.watched.said.clear()


def test_unsaved_changes_are_asked_about(console: Console) -> None:
    console.go("exports/weekly-news/edit")
    console.page.get_by_label("Display name").fill("Something else")
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    console.page.once("dialog", refuse)

    console.page.get_by_role("link", name="Runs").click()

    assert asked == ["You have changes that are not saved. Leave all the same?"]
    assert console.page.url.endswith("/edit")
    console.page.once("dialog", lambda dialog: dialog.accept())
    console.page.get_by_role("link", name="Runs").click()
    expect(console.page.get_by_role("heading", name="Runs")).to_be_visible()


def test_every_problem_is_told_at_once_and_the_summary_leads_to_each(console: Console) -> None:
    console.go("new-export")
    expect(console.page.get_by_label("Folder of the segments")).not_to_have_value("")
    console.page.get_by_role("button", name="Save").click()

    summary = console.page.get_by_role("group", name="things to set right")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_count(6)
    summary.get_by_role("link", name="Email").click()
    expect(console.page.get_by_label("Email", exact=True)).to_be_focused()


def test_a_change_of_somebody_elses_is_not_overwritten(console: Console, app: Furnished) -> None:
    console.go("exports/weekly-news/edit")
    page = console.page
    theirs = app.stack.ask("GET", "exports/weekly-news")
    app.stack.ask("PUT", "exports/weekly-news", {**theirs, "stale_after_hours": 48})
    page.get_by_label("Display name").fill("Mine")
    page.get_by_role("button", name="Save").click()

    expect(
        page.get_by_text("Somebody else has changed this export meanwhile").first
    ).to_be_visible()
    assert app.stack.ask("GET", "exports/weekly-news")["display_name"] == "Weekly news"

    app.stack.ask("PUT", "exports/weekly-news", theirs)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Runs").click()


def test_a_filter_is_put_together_from_columns_and_values(console: Console, app: Furnished) -> None:
    before = app.stack.ask("GET", "exports/weekly-news")
    console.go("exports/weekly-news/edit")
    page = console.page
    page.get_by_role("button", name="Add condition").click()
    condition = page.get_by_role("group", name="Condition 1")
    condition.get_by_label("Column").select_option("FirstName")
    condition.get_by_label("Values").press_sequentially("Ana, Ivo")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()
    wanted = [{"field": "FirstName", "op": "in", "values": ["Ana", "Ivo"]}]
    assert app.stack.ask("GET", "exports/weekly-news")["filter"] == {"all": wanted}
    console.go("exports/weekly-news")
    expect(page.get_by_text("FirstName is one of Ana, Ivo")).to_be_visible()
    app.stack.ask("PUT", "exports/weekly-news", before)


def test_a_field_is_filled_from_a_text_with_columns(console: Console, app: Furnished) -> None:
    before = app.stack.ask("GET", "exports/weekly-news")
    console.go("exports/weekly-news/edit")
    page = console.page
    page.get_by_label("Column for FNAME").select_option("Text with columns…")
    page.get_by_label("Text for FNAME").fill("Dear {FirstName}")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()
    saved = app.stack.ask("GET", "exports/weekly-news")
    assert saved["merge_fields"]["FNAME"] == {"template": "Dear {FirstName}"}
    page.get_by_label("Column for FNAME").select_option("FirstName")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()
    assert app.stack.ask("GET", "exports/weekly-news")["merge_fields"] == before["merge_fields"]


def test_with_the_storage_stopped_the_console_opens_and_says_what_is_wrong(
    browser: Browser,
) -> None:
    with Stack.start(environment={}) as stack:
        context = browser.new_context(locale="en-GB")
        console = Console(context, stack.hosts[0].url)
        stack.azurite.kill()

        console.open("health")
        console.sign_in(stack.keys.master)

        expect(console.page.get_by_text("Something is wrong")).to_be_visible()
        expect(console.page.get_by_text("does not answer").first).to_be_visible()
        context.close()


def test_what_is_processed_and_what_is_held_of_a_person_are_pages_to_print(
    app: Furnished, console: Console
) -> None:
    page = console.page
    export = app.stack.ask("GET", "exports/weekly-news")
    console.go("exports/weekly-news/edit")
    page.get_by_label("Purpose").fill("Newsletter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()

    console.go("person")
    page.get_by_role("link", name="Record of processing").click()
    expect(page.get_by_role("heading", name="Record of processing")).to_be_visible()
    expect(page.get_by_text("Newsletter", exact=True)).to_be_visible()
    expect(page.get_by_text("not stated").first).to_be_visible()
    expect(page.get_by_role("table", name="Recipients")).to_contain_text("Mailchimp")
    expect(page.get_by_role("button", name="Print")).to_be_visible()

    tags = {segment["tag"] for segment in export["segments"]}
    contacts = app.stack.mailchimp.contacts(export["audience_id"])
    address = next(email for email, contact in contacts.items() if tags & set(contact.tags))
    console.go("person")
    page.get_by_role("searchbox").fill(address)
    page.get_by_role("button", name="Write the file").click()
    held = page.get_by_role("table", name="What is held")
    expect(held).to_contain_text("What the export remembers of the contact")
    expect(page.get_by_role("heading", name="Sent to")).to_be_visible()
    assert "@" not in page.url


def test_a_run_repairs_what_a_verification_has_found_where_a_person_says_so(
    app: Furnished, console: Console
) -> None:
    page, mailchimp = console.page, app.stack.mailchimp
    export = app.stack.ask("GET", "exports/weekly-news")
    audience, tag = export["audience_id"], export["segments"][0]["tag"]
    contacts = mailchimp.contacts(audience)
    address = next(email for email, contact in contacts.items() if tag in contact.tags)
    mailchimp.remove_tag(audience, [address], tag)
    verify(app)

    console.go("exports")
    page.get_by_role("button", name="Run Weekly news").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="Repair what the verification found").check()
    expect(dialog.get_by_role("checkbox", name="could not deliver")).to_have_count(0)
    dialog.get_by_role("button", name="Run", exact=True).click()

    expect(page).to_have_url(re.compile("/console/runs/"))
    newest = app.stack.ask("GET", "exports/weekly-news/runs")["items"][0]
    assert newest["options"] == {"repair": True}
    app.stack.ended(newest["id"])
    assert tag in mailchimp.contacts(audience)[address].tags
