"""`python -m benchmarks [name ...] [--quick]`: measures, prints, and writes docs/benchmarks.md."""

import argparse
import time
from types import ModuleType

from benchmarks import (
    cost,
    deployment,
    growth,
    one_bad,
    page,
    peers,
    planning,
    sending,
    telemetry,
    too_large,
    twenty,
)
from benchmarks.results import Figure, Result, load_average

_ALL: dict[str, ModuleType] = {
    module.NAME: module
    for module in (
        planning,
        sending,
        growth,
        twenty,
        too_large,
        one_bad,
        deployment,
        telemetry,
        peers,
        cost,
    )
}


def main() -> None:
    """Run the benchmarks that were asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"of {', '.join(_ALL)}; all if none"
    )
    parser.add_argument("--quick", action="store_true", help="few contacts; nothing is kept")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in _ALL]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    if not given.page:
        for name in given.names or _ALL:
            _run(name, quick=given.quick)
    if not given.quick:
        page.write(list(_ALL))
        print("docs/benchmarks.md is written.")


def _run(name: str, *, quick: bool) -> None:
    load, begun = load_average(), time.monotonic()
    print(f"\n{name} (load average {load:.1f})", flush=True)
    result: Result = _ALL[name].run(quick=quick)
    result.load = load
    for figure in result.figures:
        print(f"  {_line(figure)}")
    for table in result.tables:
        print(f"  {table.title}")
        for row in (table.header, *table.rows):
            print(f"    {'  '.join(f'{cell:>9}' for cell in row[1:])}  {row[0]}")
    print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    if not quick:
        result.save()


def _line(figure: Figure) -> str:
    text = f"{figure.measured:10.2f} {figure.unit:6} {figure.what}"
    if figure.target is None:
        return text
    ratio = f", ratio {figure.ratio:.2f}" if figure.ratio is not None else ""
    verdict = "reached" if figure.reached else "MISSED"
    return f"{text} (target {figure.target:g}{ratio}: {verdict})"


if __name__ == "__main__":
    main()
