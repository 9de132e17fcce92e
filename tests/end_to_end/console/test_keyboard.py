"""The same way by keyboard alone, in Croatian."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.end_to_end.console.conftest import Furnished
from tests.support.browser import Console

# Where the keyboard is, as a screen reader would name it.
_FOCUSED = """() => {
  const it = document.activeElement;
  const labelled = it.labels?.length ? it.labels[0].innerText : '';
  return (it.getAttribute('aria-label') || labelled || it.innerText || it.tagName).trim();
}"""


@pytest.fixture
def console(app: Furnished, browser: Browser) -> Iterator[Console]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="hr-HR")
    opened = Console(context, app.url)
    opened.open("")
    yield opened
    opened.watched.check()
    context.close()


def _tab_to(console: Console, name: str) -> None:
    """Press Tab until the element of this name has the focus."""
    seen = []
    for _ in range(80):
        console.page.keyboard.press("Tab")
        focused = console.page.evaluate(_FOCUSED)
        if focused.startswith(name):
            outline = console.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name} does not show that it has the focus"
            return
        seen.append(focused)
    raise AssertionError(f"no way by Tab to {name!r}: {seen}")


def test_an_export_is_run_and_its_settings_changed_by_keyboard_alone(
    console: Console, app: Furnished
) -> None:
    keys, page = console.page.keyboard, console.page
    _tab_to(console, "Pristupni ključ")
    keys.type(app.master)
    keys.press("Enter")
    page.locator("nav.main-nav").wait_for()
    console.settled()

    _tab_to(console, "Pokreni Weekly news")
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    _tab_to(console, "Pokreni")
    keys.press("Enter")
    ended = page.locator("main .state", has_text="Uspjelo")
    expect(page.get_by_role("heading", name="Pokretanje", exact=True)).to_be_visible()
    expect(ended.first).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") in ("H1", "BODY")

    _tab_to(console, "weekly-news")
    keys.press("Enter")
    console.settled()
    _tab_to(console, "Uredi")
    keys.press("Enter")
    console.settled()
    _tab_to(console, "Zaslonski naziv")
    keys.press("Control+A")
    keys.type("Tjedne vijesti")
    _tab_to(console, "Spremi")
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
    _tab_to(console, "Pokreni Weekly news")
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("dialog")).to_be_visible()

    console.page.keyboard.press("Escape")

    expect(console.page.get_by_role("dialog")).to_be_hidden()
    assert console.page.evaluate(_FOCUSED) == "Pokreni Weekly news"
