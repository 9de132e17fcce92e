"""Whatever people and files may write is shown as text, in any length and direction."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.end_to_end.console.conftest import Furnished
from tests.support.browser import Console

MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=2</script>\'"`${7*7}{{7*7}}'
TURNED = "\u202eabc \u05d0\u05d1\u05d2 \u0627\u0644\u0639"
LONG = "W" * 200
NAMES = (MARKUP, TURNED, LONG)


@pytest.fixture(scope="module", params=NAMES, ids=["markup", "turned", "long"])
def name(app: Furnished, request: pytest.FixtureRequest) -> Iterator[str]:
    """A display name that stands in every place where a person may write one."""
    given = str(request.param)
    export = app.stack.ask("GET", "exports/weekly-news")
    connection = app.stack.ask("GET", "connections/newsletter")
    segments = [{**export["segments"][0], "tag": given[:100]}, *export["segments"][1:]]
    connection.pop("consent")
    app.stack.ask("PUT", "connections/newsletter", {**connection, "display_name": given})
    written = {**export, "display_name": given, "segments": segments}
    app.stack.ask("PUT", "exports/weekly-news", written)
    yield given
    app.stack.ask("PUT", "exports/weekly-news", export)
    app.stack.ask("PUT", "connections/newsletter", connection)


@pytest.mark.parametrize("width", [1280, 320])
def test_hostile_names_are_text_on_every_page(
    app: Furnished, browser: Browser, name: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-GB")
    console = Console(context, app.url)
    console.open("exports")
    console.sign_in(app.master)
    expect(console.page.get_by_role("link", name=name)).to_be_visible()

    found = {}
    for page in (
        "exports",
        "exports/weekly-news",
        "exports/weekly-news/edit",
        "runs",
        "connections",
        "connections/newsletter",
    ):
        console.go(page)
        found[page] = console.overflowing()
    console.go("exports")
    console.page.get_by_text("More", exact=True).click()
    console.page.get_by_role("button", name="Remove", exact=True).click()
    expect(console.page.get_by_role("dialog")).to_contain_text(name)

    assert {page: told for page, told in found.items() if told} == {}
    assert console.page.evaluate("window.hit") is None
    console.watched.check()
    context.close()
