"""A table comes back from storage as it was written."""

import polars as pl
import pytest

from shared.app import App
from shared.frames import tables
from shared.platform.blobs import BlobMissingError
from shared.runs import ledger

NAME = "ledgers/account/audience/uid/run.parquet"
TABLE = pl.DataFrame(
    {"email": ["a@x.org", "é@x.org", ""], "tags": [1, 2**64 - 1, 0], "refusal": [None, 3, None]},
    schema={"email": pl.String, "tags": pl.UInt64, "refusal": pl.UInt8},
)


def test_rows_and_types_come_back(app: App) -> None:
    tables.write(app.blobs, NAME, TABLE)
    assert tables.read(app.blobs, NAME).equals(TABLE)
    assert tables.read(app.blobs, NAME).schema == TABLE.schema


def test_some_columns_may_be_asked_for(app: App) -> None:
    tables.write(app.blobs, NAME, TABLE)
    assert tables.read(app.blobs, NAME, ["tags", "email"]).equals(TABLE.select("tags", "email"))


def test_a_table_without_rows_keeps_its_columns(app: App) -> None:
    empty = pl.DataFrame(schema=ledger.schema())
    tables.write(app.blobs, NAME, empty)
    assert tables.read(app.blobs, NAME).schema == empty.schema


def test_a_table_of_several_pieces_of_the_way_comes_back(app: App) -> None:
    """Storage hands a blob out piece by piece; this one has more than one."""
    noise = pl.select(n=pl.int_range(3_000_000).shuffle(1)).with_columns(
        hash=pl.col("n").hash(), other=pl.col("n").hash(2)
    )
    tables.write(app.blobs, NAME, noise)
    info = app.blobs.info(NAME)
    assert info is not None
    assert info.size > 32 * 1024 * 1024
    assert tables.read(app.blobs, NAME).equals(noise)


def test_writing_again_replaces_the_table(app: App) -> None:
    tables.write(app.blobs, NAME, TABLE)
    tables.write(app.blobs, NAME, TABLE.head(1))
    assert tables.read(app.blobs, NAME).height == 1


def test_a_table_that_is_not_there_is_missing(app: App) -> None:
    with pytest.raises(BlobMissingError):
        tables.read(app.blobs, NAME)
