"""Every page for every eye: axe-core, two widths, light and dark, languages, mirrored.

`make console` tries all of them together; the tests of every day take those that differ most.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.end_to_end.console import states
from tests.end_to_end.console.conftest import Furnished
from tests.end_to_end.console.variety import HELD_BACK, variety
from tests.support.browser import Console

NARROW, WIDE = (320, 800), (1280, 800)
ALL = os.environ.get("CONSOLE_MATRIX") == "full"
LANGUAGES = ("en", "hr", "lv", "zh-CN", "kk", "id", "x-mirrored") if ALL else ("kk", "x-mirrored")
SIGHTS = [(WIDE, "light"), (NARROW, "dark"), *([(WIDE, "dark"), (NARROW, "light")] if ALL else [])]


@pytest.fixture(scope="module")
def runs(app: Furnished) -> Iterator[Mapping[str, str]]:
    """Paths of runs by what they are, with all that one export that has run does not show."""
    with variety(app) as made:
        yield made


@pytest.fixture(scope="module")
def pages(runs: Mapping[str, str]) -> list[str]:
    return [
        "exports",
        "exports/weekly-news",
        "exports/weekly-news/edit",
        "exports/weekly-news/proof",
        f"exports/{HELD_BACK}/proof",
        "new-export",
        "runs",
        *runs.values(),
        "connections",
        "connections/newsletter",
        "new-connection",
        "segments",
        "person",
        "records",
        "health",
        "nothing-here",
    ]


@pytest.fixture(scope="module")
def console(app: Furnished, browser: Browser) -> Iterator[Console]:
    """A tab without the policy, which would keep axe out; the other tests have it."""
    context = browser.new_context(locale="en-GB", bypass_csp=True)
    opened = Console(context, app.url)
    # What was typed for a look is given up.
    opened.page.on("dialog", lambda dialog: dialog.accept())
    opened.open("")
    opened.sign_in(app.master)
    yield opened
    opened.watched.check()
    context.close()


@pytest.mark.parametrize(("size", "scheme"), SIGHTS)
def test_axe_finds_nothing_on_any_page(
    console: Console, pages: list[str], size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    console.page.emulate_media(color_scheme=scheme)
    console.page.set_viewport_size({"width": size[0], "height": size[1]})

    found = {}
    for page in pages:
        console.go(page)
        found[page] = console.axe()

    assert {page: told for page, told in found.items() if told} == {}


@pytest.mark.parametrize(("size", "scheme"), SIGHTS)
def test_axe_finds_nothing_in_any_state_of_a_page(
    console: Console,
    runs: Mapping[str, str],
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> None:
    console.page.emulate_media(color_scheme=scheme)
    console.page.set_viewport_size({"width": size[0], "height": size[1]})

    found = {}
    for state in states.STATES:
        states.enter(console, state, runs)
        found[state] = [*console.axe(), *console.overflowing()]
        states.leave(console)

    assert {state: told for state, told in found.items() if told} == {}


def test_axe_finds_what_is_wrong(console: Console) -> None:
    console.go("exports")
    console.page.evaluate("document.querySelector('h1').append(document.createElement('img'))")

    assert [line for line in console.axe() if line.startswith("image-alt")]

    console.go("runs")


def test_a_bill_tells_what_archiving_would_save(console: Console, runs: Mapping[str, str]) -> None:
    console.go(runs["preview"])

    bill = console.page.locator(".card", has_text="Blocks after the run")
    expect(bill).to_contain_text("Unsubscribed contacts that are billed30")
    expect(bill).to_contain_text("Archiving them would save a month€91.50")


def test_axe_finds_nothing_while_a_verification_is_under_way(
    console: Console, app: Furnished
) -> None:
    app.stack.mailchimp.set(base_seconds=3)
    console.go("exports/weekly-news/proof")
    page = console.page
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("progressbar")).to_be_visible()

    found = []
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        found += [*console.axe(), *console.overflowing()]
    page.get_by_role("button", name="Stop").click()

    expect(page.get_by_text("Stopped")).to_be_visible()
    app.stack.mailchimp.set(base_seconds=0)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Verified")).to_be_visible()
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_at_320_pixels_and_no_text_is_a_key(
    console: Console, pages: list[str], language: str
) -> None:
    console.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    console.page.evaluate("code => localStorage.setItem('language', code)", language)
    console.page.evaluate("key => sessionStorage.setItem('key', key)", console.key)
    console.open("exports")
    console.page.locator("nav.main-nav").wait_for()

    found = {}
    for page in pages:
        console.go(page)
        keys = console.page.evaluate(
            "() => document.body.innerText.match(/\\b[a-z_]+\\.[a-z_]+(\\.do|\\.hint)?\\b/g) ?? []"
        )
        known = console.page.evaluate(
            "async keys => { const all = await (await fetch(new URL('languages/en.json',"
            " document.querySelector('script').src))).json();"
            " return keys.filter(key => key in all); }",
            keys,
        )
        found[page] = [*console.overflowing(), *(f"a key: {key}" for key in known)]
    console.page.evaluate("localStorage.removeItem('language')")

    assert {page: told for page, told in found.items() if told} == {}
