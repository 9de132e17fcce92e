"""How a run's work is cut into chunks and written."""

import polars as pl

from shared.app import App
from shared.runs import payload
from shared.runs.ledger import TIMES
from shared.runs.payload import LeaverItem
from shared.runs.planning import cutting
from shared.runs.run_table import Action


def test_leavers_behind_contacts_that_stay_are_written(app: App) -> None:
    """The leavers are a part of the table of their own, so the rows before them leave it empty."""
    names = [f"person.{number:05d}@contoso.com" for number in range(120)]
    singles = pl.concat([_rows(names[:60], Action.NONE), _rows(names[60:], Action.ARCHIVE)])
    nothing = pl.DataFrame(schema={"email": pl.String})
    no_tags = nothing.with_columns(
        bit=pl.lit(0, pl.UInt8), add=pl.lit(0, pl.UInt8), last=pl.lit(False)
    )

    work = cutting.Work(nothing, no_tags, singles)
    index = cutting.write(app.blobs, "payload", work, pl.Series, lanes=8)

    written = [item for chunk in index for item in payload.read_chunk(app.blobs, "payload", chunk)]
    assert written == [LeaverItem(name) for name in names[60:]]


def _rows(names: list[str], action: Action) -> pl.DataFrame:
    times = {f"old_{name}": 0 for name in TIMES}
    return pl.DataFrame({"email": names, "action": int(action), **times})
