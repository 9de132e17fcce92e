"""From an empty app to a finished run and after, by mouse, without having read the docs."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from local.scenario import EXPORT, FOLDER, connect, set_up
from tests.end_to_end.console.conftest import Furnished, furnished
from tests.support.browser import Console
from tests.support.place import until


@pytest.fixture(scope="module")
def empty() -> Iterator[Furnished]:
    product = furnished()
    with product.stack:
        yield product


@pytest.fixture(scope="module")
def console(empty: Furnished, browser: Browser) -> Iterator[Console]:
    """One tab for all steps: each goes on where the one before has ended, or gets there itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    opened = Console(context, empty.url)
    opened.page.goto(empty.url)
    yield opened
    opened.watched.check()
    context.close()


def stand(console: Console, empty: Furnished, path: str, *, export: bool = False) -> None:
    """Be signed in on this page, with the export where a step needs it, whatever ran before."""
    console.settled()
    if console.page.locator("#key").count():
        console.sign_in(empty.master)
    if export:
        have_export(empty)
    if urlsplit(console.page.url).path != f"/console/{path}":
        console.go(path)


def have_export(empty: Furnished) -> None:
    """Save the export by the API where no step has made it."""
    if not empty.stack.ask("GET", "exports")["items"]:
        set_up(empty.stack, empty.scenario)


def latest_run(empty: Furnished) -> str:
    """The id of the export's last run, which is made where there is none."""
    have_export(empty)
    runs = empty.stack.ask("GET", f"exports/{EXPORT}/runs")["items"]
    run: str = runs[0]["id"] if runs else empty.stack.ask("POST", f"exports/{EXPORT}/runs")["id"]
    empty.stack.ended(run)
    return run


def test_0_axe_finds_nothing_before_there_is_anything(empty: Furnished, browser: Browser) -> None:
    # The policy would keep axe out.
    context = browser.new_context(locale="en-GB", bypass_csp=True)
    console = Console(context, empty.url)
    console.open("exports")
    console.settled()
    found = {"signed out": console.axe()}
    console.sign_in(empty.master)
    for page in ("exports", "new-export", "runs", "connections", "segments", "health"):
        console.go(page)
        found[page] = console.axe()
    context.close()

    assert {page: told for page, told in found.items() if told} == {}


def test_1_the_address_of_the_app_leads_to_signing_in(console: Console, empty: Furnished) -> None:
    assert console.page.url == f"{empty.url}/console/"
    console.page.get_by_label("Access key").fill("not the key")
    console.page.get_by_role("button", name="Sign in").click()
    expect(console.page.get_by_text("The app does not know this key.")).to_be_visible()

    console.sign_in(empty.master)

    expect(console.page.get_by_text("Welcome. First, connect Mailchimp")).to_be_visible()


def test_2_a_connection_is_added_with_terms_and_a_sign_in(
    console: Console, empty: Furnished
) -> None:
    stand(console, empty, "exports")
    page = console.page
    page.get_by_role("button", name="Add connection").click()
    page.get_by_label("Display name").fill("Newsletter account")
    expect(page.get_by_label("Name for addresses")).to_have_value("newsletter-account")
    page.get_by_role("button", name="Continue to sign-in").click()
    expect(page.get_by_role("link", name="Please read the terms and agree")).to_be_visible()
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Continue to sign-in").click()

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in with Mailchimp").click()
    opened.value.get_by_role("button", name="Allow").click()

    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    expect(page.get_by_text("Contoso Marketing, role")).to_be_visible()
    expect(page.get_by_text("The app can read it.")).to_be_visible()


def test_3_an_export_is_made_with_proposals_and_saving_sends_nothing(
    console: Console, empty: Furnished
) -> None:
    if not empty.stack.ask("GET", "connections")["items"]:
        connect(empty.stack, empty.scenario)
    connection = empty.stack.ask("GET", "connections")["items"][0]["name"]
    stand(console, empty, f"connections/{connection}")
    page = console.page
    empty.stack.mailchimp.reset_log()
    page.get_by_role("button", name="Add export").click()
    page.get_by_label("Display name").fill("Weekly news")
    page.get_by_role("combobox", name="Audience").select_option(empty.scenario.audience_id)
    page.get_by_label("Folder of the segments").fill(FOLDER)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("checkbox", name="HighValueSegment").check()
    email = page.get_by_label("Email", exact=True)
    expect(email).to_have_value("Email")
    page.get_by_role("radio", name="Only by hand").check()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()
    assert not [call for call in empty.stack.mailchimp.calls() if call.writes]


def test_4_a_preview_shows_what_a_run_would_do_and_is_run(
    console: Console, empty: Furnished
) -> None:
    stand(console, empty, f"exports/{EXPORT}", export=True)
    page = console.page
    # Long enough for its plot to have more than one point.
    empty.stack.mailchimp.set(bulk_seconds=2)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("What a run would do")).to_be_visible()
    page.get_by_role("button", name="Run this").click()
    page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()

    expect(page.get_by_role("heading", name="Run", exact=True)).to_be_visible()
    expect(page.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_role("row", name="Created").first).to_be_visible()
    empty.stack.mailchimp.set(bulk_seconds=0)
    plot = page.get_by_role("figure").filter(has_text="Calls to Mailchimp at once")
    expect(plot.get_by_role("img")).to_be_visible()
    plot.get_by_text("As a table").click()
    expect(plot.get_by_role("row").nth(1)).to_be_visible()


def test_5_outcomes_are_shown_by_code_and_one_person_is_found(
    console: Console, empty: Furnished
) -> None:
    stand(console, empty, f"runs/{latest_run(empty)}")
    page = console.page
    page.get_by_label("Outcome", exact=True).select_option("created")
    rows = page.get_by_role("table", name="What happened to each person").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Created")
    address = rows.nth(1).get_by_role("rowheader").inner_text()

    page.get_by_label("Find a person").fill(address)
    page.get_by_role("button", name="Find").click()

    expect(page.get_by_text("1 row found", exact=False).first).to_be_visible()
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text(address)
    assert "@" not in page.url
    assert "@" not in page.title()


def test_6_the_schedule_is_changed_to_times_of_days(console: Console, empty: Furnished) -> None:
    stand(console, empty, f"exports/{EXPORT}/edit", export=True)
    page = console.page
    page.get_by_role("radio", name="At fixed times").check()
    page.get_by_label("Saturday").uncheck()
    page.get_by_label("Sunday").uncheck()
    page.get_by_label("Time", exact=True).fill("06:30")
    page.get_by_label("Time zone").fill("Europe/Zagreb")
    expect(page.get_by_role("heading", name="The next times")).to_be_visible()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()
    schedule = empty.stack.ask("GET", "exports/weekly-news")["schedule"]
    assert (schedule["kind"], schedule["cron"]) == ("cron", ["30 6 * * 1,2,3,4,5"])
    assert schedule["time_zone"] == "Europe/Zagreb"


def test_7_withdrawing_the_agreement_stops_a_run_under_way(
    console: Console, empty: Furnished
) -> None:
    stand(console, empty, f"exports/{EXPORT}", export=True)
    connection = empty.stack.ask("GET", f"exports/{EXPORT}")["connection"]
    page, mailchimp = console.page, empty.stack.mailchimp
    mailchimp.set(bulk_seconds=30)
    before = mailchimp.stats().calls
    run = empty.stack.ask("POST", "exports/weekly-news/runs", {"full": True})["id"]
    until(lambda: any(call.members for call in mailchimp.calls(before)), what="the run's batch")
    console.go(f"connections/{connection}")
    page.get_by_role("button", name="Withdraw agreement").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw agreement").click()

    expect(page.get_by_text("Terms not agreed to")).to_be_visible()
    console.go(f"runs/{run}")
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text("The agreement to the terms was withdrawn")).to_be_visible()
