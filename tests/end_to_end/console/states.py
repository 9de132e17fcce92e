"""What a page shows once somebody has done something on it: dialogs, menus, problems, findings."""

from collections.abc import Callable, Mapping

from playwright.sync_api import Page, expect

from tests.support.browser import Console


def _account(page: Page) -> None:
    page.locator(".account").click()


def _menu(page: Page) -> None:
    page.locator("details.menu > summary").first.click()


def _run(page: Page) -> None:
    page.get_by_role("button", name="Run Weekly news").click()


def _remove_export(page: Page) -> None:
    _menu(page)
    page.get_by_role("button", name="Remove", exact=True).click()


def _problems(page: Page) -> None:
    expect(page.get_by_label("Folder of the segments")).not_to_have_value("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("group", name="things to set right")).to_be_focused()


def _times(page: Page) -> None:
    page.get_by_role("radio", name="At fixed times").check()
    page.get_by_role("button", name="Add a time").click()


def _condition(page: Page) -> None:
    page.get_by_role("button", name="Add condition").click()


def _segment(page: Page) -> None:
    page.get_by_role("button", name="Details of HighValueSegment").click()
    expect(page.get_by_role("table", name="Columns")).to_be_visible()


def _nobody_found(page: Page) -> None:
    page.get_by_label("Find a person").fill("nobody@contoso.com")
    page.get_by_role("button", name="Find").click()
    found = page.get_by_role("paragraph").filter(has_text="0 rows found")
    expect(found).to_be_visible()


def _explained(page: Page) -> None:
    page.get_by_role("searchbox").fill("nobody@contoso.com")
    page.get_by_role("search").get_by_role("button").first.click()
    expect(page.locator("main .notice").first).to_be_visible()


def _file(page: Page) -> None:
    """Of somebody whom a run has sent: who has nothing shows little."""
    page.get_by_role("table", name="What happened").get_by_role("button").first.click()
    expect(page.locator("main .notice").first).to_be_visible()
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_role("table", name="What is held")).to_be_visible()


def _allow(page: Page) -> None:
    page.get_by_role("button", name="Run this").click()
    expect(page.get_by_role("checkbox", name="Allow")).to_be_visible()


def _repair(page: Page) -> None:
    expect(page.get_by_role("table", name="Who is not as promised")).to_be_visible()
    page.get_by_role("button", name="Repair").click()


def _settings(page: Page) -> None:
    expect(page.get_by_text("Webhooks by audience")).to_be_visible()
    page.locator("summary", has_text="bill").click()


def _withdraw(page: Page) -> None:
    page.get_by_role("button", name="Withdraw agreement").click()


def _remove_connection(page: Page) -> None:
    page.get_by_role("button", name="Remove connection").click()


# By a name: the page, `{run}` and its like being runs, and what is done on it.
STATES: Mapping[str, tuple[str, Callable[[Page], None]]] = {
    "who is signed in": ("exports", _account),
    "the menu of an export": ("exports", _menu),
    "asking before a run": ("exports", _run),
    "asking before an export is removed": ("exports", _remove_export),
    "a form with problems": ("new-export", _problems),
    "several times": ("exports/weekly-news/edit", _times),
    "a condition": ("exports/weekly-news/edit", _condition),
    "a segment": ("segments", _segment),
    "a person who is not there": ("{run}", _nobody_found),
    "a person explained": ("person", _explained),
    "a person's file": ("{run}", _file),
    "asking whether growth is allowed": ("{held_back_preview}", _allow),
    "asking before a repair": ("exports/weekly-news/proof", _repair),
    "webhooks and the bill's settings": ("connections/newsletter", _settings),
    "asking before the agreement is withdrawn": ("connections/newsletter", _withdraw),
    "asking before a connection is removed": ("connections/newsletter", _remove_connection),
}


def enter(console: Console, state: str, runs: Mapping[str, str]) -> None:
    """Bring a page into a state; no dialog may be open before. `runs`: their paths by name."""
    path, act = STATES[state]
    console.go(path.format(**runs))
    act(console.page)
    console.settled()


def leave(console: Console) -> None:
    """Close what is open, and give up what has been changed."""
    console.page.keyboard.press("Escape")
    expect(console.page.get_by_role("dialog")).to_have_count(0)
    console.go("runs")
