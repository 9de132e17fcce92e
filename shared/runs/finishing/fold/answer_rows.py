"""What the run adds to what is known of contacts' answers: what was read, and what was written."""

from collections.abc import Sequence

import polars as pl

from shared.audiences.answer_rows import MASKS, schema
from shared.frames.masks import MASK, translate
from shared.runs.codes import ERASED, NUMBER
from shared.runs.finishing.fold.ledger_rows import accepted, is_one
from shared.runs.run_table import Action, Kind, Note

# A person has chosen another one: it is not this product's to change any more.
_LET_GO = ""
_MASKS = ("yes", "no", "given", "taken", "lost")


def answers_said(table: pl.DataFrame) -> pl.DataFrame | None:
    """Return of whom there is something to remember; None where the export asks for no answers.

    email, customer_id, told (whether the answers are new), created, yes and no, given, taken and
    lost (masks over the plan's interests), language (null: not written, "": let go) and changed.
    """
    if "told" not in table.columns:
        return None
    untouched = (
        (pl.col("action") == int(Action.NONE))
        & pl.col("code").is_null()
        & (pl.col("note") == int(Note.NONE))
    )
    # Of who was not sent or not taken the next run asks again.
    told = pl.col("told").fill_null(False) & (accepted() | untouched)
    written = pl.col("wr_changed").is_not_null() & accepted()

    later = "pe_mask" in table.columns
    created = written & is_one("up_code", NUMBER["created"])

    def if_told(name: str) -> pl.Expr:
        found = pl.when(told).then(name).otherwise(0).fill_null(0).cast(MASK)
        # What was not taken of an answer the next run asks again.
        return found & ~if_written("failed")

    def if_written(name: str) -> pl.Expr:
        return pl.when(written).then(f"wr_{name}").otherwise(0).fill_null(0).cast(MASK)

    def if_permitted(name: str) -> pl.Expr:
        if not later:
            return pl.lit(0, dtype=MASK)
        return pl.when(created).then(f"pe_{name}").otherwise(0).fill_null(0).cast(MASK)

    # Created without: as if the answer had been no, so that the next run gives it.
    without = if_permitted("mask") & ~if_permitted("given") & ~if_permitted("lost")
    changed = pl.col("wr_changed")
    if later:
        changed = pl.when(pl.col("pe_changed") > 0).then("pe_changed").otherwise(changed)

    return table.filter(
        (pl.col("kind") == int(Kind.CONTACT)) & ~pl.col("code").eq_missing(ERASED),
        told | written,
    ).select(
        "email",
        customer_id=pl.col("customer_id").fill_null(""),
        told=told,
        created=created,
        yes=if_told("yes") & ~without,
        no=if_told("no") | without,
        given=if_written("given") | if_permitted("given"),
        taken=if_written("taken"),
        lost=if_written("lost"),
        language=pl.when(written & (pl.col("wr_language") == 1))
        .then("language")
        .when(written & (pl.col("wr_language") == 2))
        .then(pl.lit(_LET_GO)),
        changed=pl.when(written).then(changed).otherwise(0).cast(pl.UInt32),
    )


def merged(
    before: pl.DataFrame,
    said: pl.DataFrame,
    ids: tuple[Sequence[str], Sequence[str]],
    read_at: int,
    now: int,
) -> pl.DataFrame:
    """Return the rows (see audiences/answer_rows.py) after a run.

    ids: of interests by their bits, in `said` and in the memory. read_at: the stamp of the run's
    snapshots; now: both in seconds since 1970.
    """
    bits = {bit: ids[1].index(id_) for bit, id_ in enumerate(ids[0]) if id_ in ids[1]}
    said = said.with_columns(translate(name, bits).alias(name) for name in _MASKS)
    said = said.rename({name: f"new_{name}" for name in said.columns if name != "email"})
    rows = before.join(said, on="email", how="full", coalesce=True, maintain_order="left_right")
    masks = [*MASKS, *(f"new_{name}" for name in _MASKS)]
    rows = rows.with_columns(
        pl.col(*masks, "changed", "read_at", "noted_at", "new_changed").fill_null(0),
        pl.col("new_told", "new_created").fill_null(False),
        touched=pl.col("new_customer_id").is_not_null(),
    )
    new = {name: pl.col(f"new_{name}") for name in _MASKS}
    created = pl.col("new_created")
    # Whom a call has created has nothing of before.
    gave = (pl.col("gave") & ~(new["taken"] | new["lost"])) | new["given"]
    took = (pl.col("took") & ~new["given"]) | new["taken"]
    lost = (pl.col("lost") & ~(new["given"] | new["taken"])) | new["lost"]
    return (
        rows.with_columns(
            customer_id=pl.coalesce("new_customer_id", "customer_id"),
            yes=(pl.col("yes") & ~new["no"]) | new["yes"],
            no=(pl.col("no") & ~new["yes"]) | new["no"],
            gave=pl.when(created).then(new["given"]).otherwise(gave),
            took=pl.when(created).then(new["no"]).otherwise(took),
            lost=pl.when(created).then(0).otherwise(lost),
            language=pl.when(pl.coalesce("new_language", "language") != _LET_GO).then(
                pl.coalesce("new_language", "language")
            ),
            changed=pl.when(pl.col("new_changed") > 0).then("new_changed").otherwise("changed"),
            read_at=pl.when("new_told").then(read_at).otherwise("read_at"),
            noted_at=pl.when("touched").then(now).otherwise("noted_at"),
        )
        .select(list(schema()))
        .cast(schema())  # type: ignore[arg-type] # a plain dict of names to types
    )
