"""The same way by keyboard alone, in Croatian."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.end_to_end.console.conftest import Furnished
from tests.support.browser import Console


@pytest.fixture
def console(app: Furnished, browser: Browser) -> Iterator[Console]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="hr-HR")
    opened = Console(context, app.url)
    opened.open("")
    yield opened
    opened.watched.check()
    context.close()


def test_an_export_is_run_and_its_settings_changed_by_keyboard_alone(
    console: Console, app: Furnished
) -> None:
    keys, page = console.page.keyboard, console.page
    console.tab_to("Pristupni ključ")
    keys.type(app.master)
    keys.press("Enter")
    page.locator("nav.main-nav").wait_for()
    console.settled()

    console.tab_to("Pokreni Weekly news")
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    console.tab_to("Pokreni")
    keys.press("Enter")
    ended = page.locator("main .state", has_text="Uspjelo")
    expect(page.get_by_role("heading", name="Pokretanje", exact=True)).to_be_visible()
    expect(ended.first).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") in ("H1", "BODY")

    console.tab_to("weekly-news")
    keys.press("Enter")
    console.settled()
    console.tab_to("Uredi")
    keys.press("Enter")
    console.settled()
    console.tab_to("Zaslonski naziv")
    keys.press("Control+A")
    keys.type("Tjedne vijesti")
    console.tab_to("Spremi")
    keys.press("Enter")
    expect(page.get_by_text("Spremljeno. Ništa nije poslano.")).to_be_visible()
    assert app.stack.ask("GET", "exports/weekly-news")["display_name"] == "Tjedne vijesti"

    app.stack.ask(
        "PUT",
        "exports/weekly-news",
        app.stack.ask("GET", "exports/weekly-news") | {"display_name": "Weekly news"},
    )


def test_a_dialog_is_left_by_escape_and_the_focus_is_where_it_was(
    console: Console, app: Furnished
) -> None:
    console.sign_in(app.master)
    console.tab_to("Pokreni Weekly news")
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("dialog")).to_be_visible()

    console.page.keyboard.press("Escape")

    expect(console.page.get_by_role("dialog")).to_be_hidden()
    assert console.focused() == "Pokreni Weekly news"
