"""The table as a plan reads it."""

import gzip
import io
from typing import TYPE_CHECKING

from shared.addresses import CANONICAL_VERSION
from shared.app import App
from shared.frames.addresses import canonical_series
from shared.mailchimp.suppressions.table import (
    State,
    Subscribed,
    Table,
)

if TYPE_CHECKING:
    import polars


def load_suppressions(
    app: App, account_id: str, audience_id: str
) -> "tuple[polars.DataFrame, State]":
    """Return the table together with the state that it is of.

    Its columns are `email` (canonical, once each) and `status`, both strings. Raises
    SuppressionsMissingError before the first fill has ended.
    """
    table = Table(app.blobs, account_id, audience_id)
    return table.read(lambda state: (_load(table, state), state))


def load_subscribed(app: App, account_id: str, audience_id: str) -> "polars.Series":
    """Return who was subscribed to an audience at one of the readings, canonical and once each.

    Raises SuppressionsMissingError before the first reading has ended.
    """
    table = Subscribed(app.blobs, account_id, audience_id)
    return table.read(lambda state: _load(table, state))["email"]


def _load(table: Table, state: State) -> "polars.DataFrame":
    import polars

    schema = {"email": polars.String}
    frames = [polars.DataFrame(schema=schema | {"status": polars.String})]
    for status in table.statuses:
        if part := state.rows[status].part:
            data = io.BytesIO(gzip.decompress(table.blobs.read(part)))
            frame = polars.read_ndjson(data, schema=schema)
            if state.canonical != CANONICAL_VERSION:
                frame = frame.with_columns(email=canonical_series(frame["email"]))
            frames.append(frame.with_columns(status=polars.lit(status)))
    return _first_of_each(polars.concat(frames))


def _first_of_each(frame: "polars.DataFrame") -> "polars.DataFrame":
    """Keep an address once, with its most protective status: STATUSES begins with that.

    Almost nobody is there twice, and `unique` over a million addresses takes 250 MB.
    """
    hashes = frame["email"].hash()
    ordered = hashes.sort()
    repeated = ordered.filter(ordered == ordered.shift(1)).unique()
    if repeated.is_empty():
        return frame
    numbered = frame.with_row_index()
    suspects = numbered.filter(hashes.is_in(repeated.implode()))
    firsts = suspects.unique("email", keep="first", maintain_order=True)
    surplus = suspects.join(firsts, on="index", how="anti")["index"]
    return numbered.filter(~numbered["index"].is_in(surplus.implode())).drop("index")
