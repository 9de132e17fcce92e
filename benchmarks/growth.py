"""How time and memory of planning grow with contacts, segments and columns."""

from datetime import UTC, datetime

import polars as pl

from benchmarks.results import Result, Table, load
from benchmarks.world import FIELDS, World, world
from local.sample_data import people

NAME = "growth"
_HEADER = ("what", "rows read", "plan s", "plan MB", "finish s", "finish MB")
_FEW = {"FNAME": "FirstName", "LNAME": "LastName"}


def run(*, quick: bool) -> Result:
    """Plan and finish exports that differ in one thing each."""
    base = 5_000 if quick else 100_000
    result = Result(NAME, size=base)
    rows: list[tuple[str, ...]] = []
    with world(functions=["tick"], EXPORT_TICK="0 0 0 1 1 *") as here:
        # As in the highest plans, for the export that maps every column.
        here.stack.mailchimp.set(merge_field_limit=80)
        for count in (base // 10, base):
            name = f"{count:,} contacts in two segments, {len(FIELDS)} fields"
            rows.append(_measure(here, name, people(count), 2, FIELDS))
        for count in (1, 5, 20):
            name = f"{base:,} contacts, each in {count} segment{'s' if count > 1 else ''}"
            rows.append(_measure(here, name, people(base), count, FIELDS))
        for columns in (10, 30, 60):
            table = _with_columns(people(base), columns)
            name = f"{base:,} contacts, files of {columns} columns, two fields"
            rows.append(_measure(here, name, table, 1, _FEW))
        mapped = [name for name in people(1).columns if name not in ("CustomerId", "Email")]
        fields = {f"F{number}": column for number, column in enumerate(mapped)}
        name = f"{base:,} contacts, {len(fields)} fields"
        rows.append(_measure(here, name, people(base), 1, fields))
    million = load("planning")
    if million is not None and million.size == 1_000_000:
        plan, finish = (million.values[f"{step}, first export"] for step in ("Plan", "Finish"))
        cells = [f"{x['seconds']:.1f} {x['megabytes']:.0f}".split() for x in (plan, finish)]
        name = f"1,000,000 contacts in two segments, {len(FIELDS)} fields"
        rows.insert(2, (name, "1,200,000", *cells[0], *cells[1]))
    result.tables.append(Table("Growth", _HEADER, rows))
    return result


def _measure(
    here: World, what: str, rows: pl.DataFrame, segments: int, fields: dict[str, str]
) -> tuple[str, ...]:
    """Plan and finish a first export in which every contact is in all segments."""
    number = len(here.audiences)
    folder = f"CustomerInsights_{number}/BlobExport"
    names = [f"Segment{position}" for position in range(segments)]
    here.write(dict.fromkeys(names, rows), folder=folder, stamp=datetime.now(UTC))
    here.save_export(f"export-{number}", names, folder=folder, fields=fields)
    run_id = here.start_run(f"export-{number}")
    seen = [here.heavy("plan", run_id)]
    here.heavy("answer", run_id)
    seen.append(here.heavy("finish", run_id))
    cells = [text for one in seen for text in (f"{one['seconds']:.1f}", f"{one['peak'] / 1e6:.0f}")]
    return (what, f"{rows.height * segments:,}", *cells)


def _with_columns(rows: pl.DataFrame, columns: int) -> pl.DataFrame:
    """Leave columns out, or repeat some under other names."""
    first = ["CustomerId", "Email", "FirstName", "LastName"]
    others = [name for name in rows.columns if name not in first]
    chosen = rows.select(first + others[: columns - len(first)])
    more = columns - chosen.width
    copies = [pl.col(others[place % len(others)]).alias(f"Copy{place}") for place in range(more)]
    return chosen.with_columns(copies) if more == 0 else chosen.hstack(rows.select(copies))
