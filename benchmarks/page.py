"""Writes docs/benchmarks.md from what the benchmarks found: no figure is written by hand."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import peers
from benchmarks.drawing import svg
from benchmarks.machine import describe
from benchmarks.results import Figure, Result, Table, load
from local.stack import ROOT

_ON_PAPER = Path(__file__).with_name("on_paper.md")
_PAGE = ROOT / "docs" / "benchmarks.md"
_IMAGES = ROOT / "docs" / "images"
_INTRODUCTION = """# Benchmarks

`make bench` measures everything here again and writes this page; only what is shown was measured.
`.venv/bin/python -m benchmarks planning` runs one of them, `--quick` tries all with few contacts
and leaves the page alone. Storage is Azurite, Mailchimp the simulator: what remains is this app's
own cost.
"""
_TITLES = {
    "planning": (
        "Planning and finishing a million",
        "A million profiles of 30 columns in two segments, a fifth of them in both; ten columns "
        "are mapped to merge fields. Plan and finish run in a process of their own, as on an "
        "instance that does nothing else; memory is the process's highest resident set.",
    ),
    "sending": (
        "Sending",
        "The app runs in the local Functions host; Mailchimp takes one second per call of up to "
        "500 contacts and refuses the eleventh open call of an account. Times are from the request "
        "over HTTP to the run's end: reading, planning, sending, folding, outcomes.",
    ),
    "growth": (
        "Growth",
        "Time grows with rows and mapped values; memory with distinct contacts alone.",
    ),
    "one_bad": (
        "One bad row, one bad value",
        "A file of a million rows, a thing wrong in its middle. A row that does not fit ends the "
        "run before anything is sent; a value that its merge field does not take is left out.",
    ),
    "too_large": (
        "Calls that are too large",
        "Mailchimp cuts a call off after 120 s, and nobody knows for which size it will. Here it "
        "does so for every call of more than 250 contacts; all waiting times are a twentieth of "
        "the real ones.",
    ),
    "twenty": (
        "Many at once",
        "One process plans or finishes one run at a time, so memory does not add up.",
    ),
    "deployment": (
        "A deployment in the middle",
        "The host is told to stop when 40 % are sent, and another is there: as in Azure, lanes get "
        "ten seconds, what is cut stays hidden for ten minutes, and the tick comes every five.",
    ),
    "telemetry": (
        "Telemetry",
        "What the app itself sends to Application Insights, before compression. What the Functions "
        "host sends besides is in [costs](costs.md#telemetry).",
    ),
    "peers": (
        "Other ways",
        "Each worked for about a minute on the same simulator (one second per bulk call, 0.3 s per "
        "call about one contact) and is extrapolated. The others only send: they read no snapshot, "
        "leave nobody out, compare with nothing, keep no outcome. Ten threads use all ten "
        "connections that Mailchimp gives a user, this app eight.",
    ),
    "cost": ("Cost", "Computed from the figures above, brought to exactly a million contacts."),
}


def write(names: Sequence[str]) -> None:
    """Write the page and its pictures from the last results."""
    found = [result for name in names if (result := load(name)) is not None]
    _IMAGES.mkdir(exist_ok=True)
    parts = [_INTRODUCTION, "## Targets", _figures([f for r in found for f in r.figures])]
    for result in found:
        title, text = _TITLES[result.name]
        parts += [f"## {title}", text, *_details(result)]
    parts += [_ON_PAPER.read_text("utf-8"), "## Measured on", _table(describe())]
    _PAGE.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n")


def _details(result: Result) -> list[str]:
    parts = []
    for chart in result.charts:
        path = _IMAGES / f"benchmark-{chart.name}.svg"
        path.write_text(svg(chart))
        parts.append(f"![{chart.title}](images/{path.name})")
    # What sending takes may have been measured again since the others were.
    tables = [
        peers.with_this_app(table) if result.name == peers.NAME else table
        for table in result.tables
    ]
    parts += [_table(table, titled=True) for table in tables]
    if result.name != "cost":
        parts.append(
            f"Measured {result.at}, at a load average of {result.load:.1f} before it began."
        )
    return parts


def _figures(figures: Sequence[Figure]) -> str:
    rows = []
    for figure in figures:
        target = "" if figure.target is None else _with_unit(figure.target, figure.unit)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        reached = {None: "", True: "yes", False: "**no**"}[figure.reached]
        measured = _with_unit(figure.measured, figure.unit)
        rows.append((figure.what, measured, target, ratio, reached))
    return _table(Table("", ("what", "measured", "target", "ratio", "reached"), rows))


def _with_unit(value: float, unit: str) -> str:
    shown = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
    return f"{shown} {unit}".strip()


def _table(table: Table, *, titled: bool = False) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (table.header, *table.rows)]
    lines.insert(1, "|---" * len(table.header) + "|")
    return "\n".join(([f"**{table.title}**", ""] if titled else []) + lines)
