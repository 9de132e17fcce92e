"""Whatever people and files may write is shown as text, in any length and direction."""

from collections.abc import Iterator

import polars as pl
import pytest
from playwright.sync_api import Browser, expect

from local.sample_data import write_export
from local.stack import SEGMENT_CONTAINER
from tests.end_to_end.console.conftest import Furnished
from tests.support.browser import Console

MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=2</script>\'"`${7*7}{{7*7}}'
TURNED = "\u202eabc \u05d0\u05d1\u05d2 \u0627\u0644\u0639"
LONG = "W" * 200
NAMES = (MARKUP, TURNED, LONG)
# Names of folders have no slash.
SEGMENTS = [name.replace("/", "") for name in NAMES]
FOLDER = "Hostile/BlobExport"


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


@pytest.fixture(scope="module")
def run(app: Furnished) -> Iterator[str]:
    """A run of an export whose segments, columns, values, account and audience have such names."""
    stack, mailchimp = app.stack, app.stack.mailchimp
    account = mailchimp.add_account((MARKUP + TURNED + 500 * "W")[:500])
    audience = mailchimp.add_list(account, MARKUP)
    columns = [MARKUP, TURNED, 500 * "W"]
    rows = {name: [name, TURNED] for name in columns}
    people = {"CustomerId": ["1", "2"], "Email": ["ana@contoso.com", MARKUP], **rows}
    segments = {name: pl.DataFrame(people) for name in SEGMENTS}
    container = stack.segment_container(SEGMENT_CONTAINER)
    write_export(container, FOLDER, segments)
    connection = {"consent": {"accepted": True}, "shared_with": "contributors"}
    stack.ask("PUT", "connections/hostile", connection)
    stack.ask("PUT", "connections/hostile/token", {"api_key": account.api_key})
    export = {
        "connection": "hostile",
        "audience_id": audience,
        "source": {"folder": FOLDER},
        "segments": [{"name": name, "tag": name[:100]} for name in SEGMENTS],
        "email_field": "Email",
        "merge_fields": {"FNAME": MARKUP, "LNAME": TURNED},
        "purpose": MARKUP,
        "schedule": {"active": False, "kind": "none"},
    }
    stack.ask("PUT", "exports/hostile", export)
    begun = stack.ask("POST", "exports/hostile/runs")["id"]
    assert stack.ended(begun)["status"] == "succeeded"
    yield begun
    stack.ask("DELETE", "exports/hostile")
    stack.ask("DELETE", "connections/hostile")
    for blob in container.list_blob_names(name_starts_with=FOLDER):
        container.delete_blob(blob)


@pytest.mark.parametrize("width", [1280, 320])
def test_hostile_names_of_segments_columns_and_accounts_are_text(
    app: Furnished, browser: Browser, run: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-GB")
    console = Console(context, app.url)
    console.open("exports")
    console.sign_in(app.master)
    page = console.page

    found, shown = (
        {},
        {
            "connections/hostile": MARKUP,
            "exports/hostile": MARKUP,
            "exports/hostile/edit": SEGMENTS[0],
            f"runs/{run}": SEGMENTS[0],
            "records": MARKUP,
            "segments": None,
        },
    )
    for path, text in shown.items():
        console.go(path)
        if text:
            expect(page.locator("main")).to_contain_text(text)
        found[path] = console.overflowing()
    page.get_by_label("Folder of the segments").fill(FOLDER)
    page.get_by_role("button", name="Show", exact=True).click()
    for name in SEGMENTS:
        page.get_by_role("button", name=f"Details of {name}").click()
        columns = page.get_by_role("dialog").get_by_role("table", name="Columns")
        for column in (MARKUP, TURNED, 500 * "W"):
            expect(columns).to_contain_text(column)
        found[name] = console.overflowing()
        page.keyboard.press("Escape")

    assert {path: told for path, told in found.items() if told} == {}
    assert page.evaluate("window.hit") is None
    console.watched.check()
    context.close()
