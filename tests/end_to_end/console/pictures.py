"""Takes the pictures of the console that the pages in docs/ show: `make pictures`."""

import sys
from pathlib import Path

from local.scenario import set_up
from tests.end_to_end.console.conftest import Furnished, furnished
from tests.end_to_end.console.variety import changed_by_hand, verify
from tests.support.browser import Console, launched

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "images"
SIZE = (1180, 420)
# Fifty people look like the first ten.
HIGHEST = {"run": 1400}


def main() -> int:
    """Furnish a product, go to each page, and write a picture of it."""
    product = furnished()
    with product.stack, launched() as browser:
        context = browser.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]},
            locale="en-GB",
            timezone_id="Europe/Zagreb",
            color_scheme="light",
        )
        console = Console(context, product.url)
        console.open("")
        _take(console, "sign-in")
        console.sign_in(product.master)
        _take(console, "first-steps")
        set_up(product.stack, product.scenario)
        for name, page in _pages(product).items():
            console.go(page)
            _take(console, name)
        with changed_by_hand(product):
            verify(product)
            console.go("exports/weekly-news/proof")
            _take(console, "proof")
        context.close()
    return 0


def _pages(product: Furnished) -> dict[str, str]:
    """The pages by the name of their picture, with a run and a preview to show."""
    stack = product.stack
    preview = stack.ask("POST", "exports/weekly-news/runs", {"preview": True})["id"]
    stack.ended(preview)
    run = stack.ask("POST", "exports/weekly-news/runs")["id"]
    stack.ended(run)
    return {
        "new-connection": "new-connection",
        "connection": "connections/newsletter",
        "connections": "connections",
        "exports": "exports",
        "export": "exports/weekly-news",
        "form": "exports/weekly-news/edit",
        "preview": f"runs/{preview}",
        "run": f"runs/{run}",
        "runs": "runs",
        "segments": "segments",
        "health": "health",
    }


def _take(console: Console, name: str) -> None:
    console.settled()
    path = FOLDER / f"console-{name}.png"
    # A window as high as the page: what sticks to its edge lies where the page ends.
    height = console.page.evaluate("document.documentElement.scrollHeight")
    height = min(max(height, SIZE[1]), HIGHEST.get(name, height))
    console.page.set_viewport_size({"width": SIZE[0], "height": height})
    console.page.screenshot(path=path, animations="disabled")
    console.page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    print(path.name)


if __name__ == "__main__":
    sys.exit(main())
