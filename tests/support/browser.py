"""A real browser: the one on PATH, else Playwright's own, else the distribution's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / ".local" / "web" / "node_modules" / "axe-core" / "axe.min.js"
ON_PATH = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# How long to wait for what should be there, on slow machines too: nothing where all is well.
WAIT_MS = 60_000
# What the browser itself writes about an answer's status; the console says it in the page.
_STATUS = "Failed to load resource: the server responded with a status of"
# Where the keyboard is, as a screen reader would name it.
_FOCUSED = """() => {
  const it = document.activeElement;
  const labelled = it.labels?.length ? it.labels[0].innerText : '';
  return (it.getAttribute('aria-label') || labelled || it.innerText || it.tagName).trim();
}"""


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser; the test is skipped where none can be had, and fails where CI is set."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        program = _on_path() or (str(own) if own.is_file() else None) or _installed(own)
        if program is None:
            tell = pytest.fail if os.environ.get("CI") else pytest.skip
            tell("no browser: put chromium on PATH, or run `python -m playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, ON_PATH)), None)


def _installed(own: Path) -> str | None:
    """Install Playwright's browser, else the distribution's where this user may."""
    asked = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(asked, capture_output=True, timeout=300, check=False).returncode == 0:
        return str(own)
    if os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        for step in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run([apt, *step], capture_output=True, timeout=300, check=False)
    return _on_path()


@dataclass
class Watched:
    """A tab, with everything that it must not do."""

    page: Page
    base: str
    said: list[str] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self._on_request(request.url))

    def _on_console(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(_STATUS):
            self.said.append(f"{message.type}: {message.text}")

    def _on_request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.netloc != urlsplit(self.base).netloc:
            self.strayed.append(url.split("?")[0])

    def check(self) -> None:
        """Nothing was written to the browser's console, and no other host was asked."""
        assert self.said == []
        assert self.strayed == []


class Console:
    """The console in a tab, as a person would use it."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.key = ""
        context.set_default_timeout(WAIT_MS)
        self.page = context.new_page()
        self.watched = Watched(self.page, base)

    def open(self, path: str) -> None:
        """Load a page of the console."""
        self.page.goto(f"{self.base}/console/{path}")

    def go(self, path: str) -> None:
        """Go to a page without loading the console anew, as its links do."""
        self.page.evaluate(
            "path => { const a = document.createElement('a'); a.href = '/console/' + path;"
            " document.body.append(a); a.click(); a.remove(); }",
            path,
        )
        assert urlsplit(self.page.url).path == f"/console/{path}"
        self.settled()

    def sign_in(self, key: str) -> None:
        """Type a key; the page that was asked for is shown afterwards."""
        self.key = key
        self.page.locator("#key").fill(key)
        self.page.locator("form button[type=submit]").click()
        self.page.locator("nav.main-nav").wait_for()
        self.settled()

    def focused(self) -> str:
        """The name of the element that has the focus."""
        return str(self.page.evaluate(_FOCUSED))

    def tab_to(self, name: str) -> None:
        """Press Tab until the element of this name has the focus."""
        seen = []
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if (focused := self.focused()).startswith(name):
                outline = "getComputedStyle(document.activeElement).outlineStyle"
                shown = self.page.evaluate(outline)
                assert shown != "none", f"{name} does not show that it has the focus"
                return
            seen.append(focused)
        raise AssertionError(f"no way by Tab to {name!r}: {seen}")

    def settled(self) -> None:
        """Wait until what the page reads has come."""
        self.page.locator("h1").first.wait_for()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def axe(self) -> list[str]:
        """What axe-core finds, a line each."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        # At the page's end the bar of a form's buttons lies over nothing that can be pressed.
        self.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        found = self.page.evaluate(
            "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',"
            " 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"
        )
        return [
            f"{rule['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for rule in found
            for node in rule["nodes"]
        ]

    def overflowing(self) -> list[str]:
        """What is wider than the window, or is cut."""
        found: list[str] = self.page.evaluate(
            """() => {
              const wide = document.documentElement.scrollWidth > innerWidth + 1;
              const root = document.documentElement;
              const told = wide ? [`the page is ${root.scrollWidth} wide`] : [];
              const left = '.hidden, thead, svg, select, datalist, .terms, .small-table';
              for (const each of document.querySelectorAll('main *, header *')) {
                if (each.closest(left)) continue;
                const style = getComputedStyle(each);
                const box = each.getBoundingClientRect();
                if (box.width <= 1 || style.visibility === 'hidden') continue;
                const shown = each.outerHTML.slice(0, 120);
                if (wide && box.right > innerWidth + 1) told.push(`outside: ${shown}`);
                const cut = style.overflowX !== 'visible' && style.overflowX !== 'auto';
                if (cut && each.scrollWidth > each.clientWidth + 1 && each.textContent.trim())
                  told.push(`cut: ${shown}`);
              }
              return told.slice(0, 10);
            }"""
        )
        return [*found, *self._overlapping()]

    def _overlapping(self) -> list[str]:
        """Texts that lie over each other, but for what floats above the page by intention."""
        found: list[str] = self.page.evaluate(
            """() => {
              const scrolled = '.terms, .choices, .small-table, .sticky';
              const floating = `.hidden, thead, svg, .save-bar, .menu, dialog, ${scrolled}`;
              const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const texts = [];
              while (walker.nextNode()) {
                const parent = walker.currentNode.parentElement;
                if (!walker.currentNode.data.trim() || parent.closest(floating)) continue;
                if (!parent.checkVisibility({visibilityProperty: true})) continue;
                const range = document.createRange();
                range.selectNodeContents(walker.currentNode);
                for (const box of range.getClientRects())
                  if (box.width > 1) texts.push([box, walker.currentNode.data.trim().slice(0, 60)]);
              }
              const told = [];
              texts.forEach(([one, text], i) => texts.slice(i + 1).forEach(([two, other]) => {
                const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
                const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
                // Boxes of lines touch; letters of one lie over those of another well within.
                if (wide > 3 && high > 0.4 * Math.min(one.height, two.height) && text !== other)
                  told.push(`overlap: ${text} | ${other}`);
              }));
              return told.slice(0, 10);
            }"""
        )
        return found
