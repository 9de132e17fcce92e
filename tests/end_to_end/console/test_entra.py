"""The console before people whom Microsoft Entra signs in: what each role sees and may do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from local.functions_host.process import HostProcess
from tests.end_to_end.console.conftest import Furnished
from tests.support.browser import Console


@pytest.fixture(scope="module")
def entra(app: Furnished) -> HostProcess:
    """The same product behind the platform's sign-in; its queues are the other host's work."""
    settings = {"HTTP_AUTH": "entra", "WEBSITE_AUTH_ENABLED": "True"}
    return app.stack.add_host(functions=["tick"], settings=settings, easy_auth=True)


@pytest.fixture
def console(entra: HostProcess, browser: Browser) -> Iterator[Console]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    opened = Console(context, entra.url)
    yield opened
    opened.watched.check()
    context.close()


def _choose(login: Page, role: str) -> None:
    """Sign in on the page that stands in for Microsoft's."""
    login.get_by_label("Name").fill("ana@contoso.com")
    login.get_by_role("radio", name=role).check()
    login.get_by_role("button", name="Sign in").click()


def _sign_in(console: Console, path: str, role: str) -> None:
    console.open(path)
    console.page.get_by_role("button", name="Sign in with Microsoft").click()
    _choose(console.page, role)
    console.settled()


def test_a_viewer_reads_and_is_told_what_others_may_do(console: Console) -> None:
    _sign_in(console, "exports/weekly-news", "Viewer")

    page = console.page
    assert page.url.endswith("/console/exports/weekly-news")
    expect(page.get_by_role("heading", name="Weekly news")).to_be_visible()
    preview = page.get_by_role("button", name="Preview").first
    expect(preview).to_have_attribute("aria-disabled", "true")
    preview.click(force=True)
    expect(page.get_by_text("Viewers may look, but not do this").first).to_be_visible()
    expect(page.get_by_role("button", name="View").first).to_be_visible()
    console.go("segments")
    expect(page.get_by_text("You may not see or do this")).to_be_visible()


def test_a_contributor_runs_exports_by_keyboard_alone_and_does_not_see_into_connections(
    console: Console,
) -> None:
    page, keys = console.page, console.page.keyboard
    console.open("exports")
    console.settled()
    console.tab_to("Sign in with Microsoft")
    keys.press("Enter")
    page.get_by_label("Name").wait_for()
    console.tab_to("Administrator")
    keys.press("ArrowDown")
    expect(page.get_by_role("radio", name="Contributor")).to_be_checked()
    keys.press("Enter")
    page.locator("nav.main-nav").wait_for()
    console.settled()

    console.tab_to("Run Weekly news")
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    console.tab_to("Run")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Run", exact=True)).to_be_visible()
    outcomes = page.get_by_role("table", name="What happened to each person")
    expect(outcomes.get_by_role("rowheader").first).to_contain_text("@")
    console.go("connections/newsletter")
    expect(page.get_by_text("You may not see or do this")).to_be_visible()
    console.go("connections")
    expect(page.get_by_text("Newsletter account")).to_be_visible()
    add = page.get_by_role("button", name="Add connection")
    expect(add).to_have_attribute("aria-disabled", "true")


def test_a_session_that_ends_in_the_middle_of_work_loses_nothing_typed(console: Console) -> None:
    _sign_in(console, "connections/newsletter", "Administrator")
    page = console.page
    expect(page.get_by_role("button", name="Withdraw agreement")).to_be_enabled()
    console.go("exports/weekly-news/edit")
    page.get_by_label("Display name").fill("Weekly letter")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("dialog", name="You have been signed out")).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in with Microsoft").click()
    _choose(opened.value, "Administrator")

    expect(page.get_by_text("Saved. Nothing has been sent.")).to_be_visible()
    expect(page.get_by_label("Display name")).to_have_value("Weekly letter")
    page.get_by_label("Display name").fill("Weekly news")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="ana@contoso.com")).to_be_visible()
    page.get_by_role("button", name="ana@contoso.com").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible()


def test_who_has_no_role_is_told_which_there_are_and_who_gives_them(console: Console) -> None:
    _sign_in(console, "exports", "no role")

    expect(console.page.get_by_role("heading", name="No role yet")).to_be_visible()
    expect(console.page.get_by_text("Exports.Contributor")).to_be_visible()
    expect(console.page.get_by_text("ana@contoso.com").first).to_be_visible()


def test_a_cookie_that_nobody_gave_is_nobodys(console: Console, entra: HostProcess) -> None:
    console.page.context.add_cookies(
        [{"name": "AppServiceAuthSession", "value": "forged", "url": entra.url}]
    )
    console.open("exports")

    expect(console.page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible()
