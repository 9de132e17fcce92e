"""Whole customer tables, against a computation that shares no code with the app."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping

import polars as pl
import pytest

from local.mailchimp.control import ContactState
from local.sample_data import people as sample_people
from tests.support.place import Document, Place, Row
from tests.support.root import REFERENCE

REAL = REFERENCE / "data" / "c360-customers.csv"
type Table = list[dict[str, str]]
type Expected = dict[str, tuple[str, dict[str, str], set[str]]]
# Mailchimp takes no letters beyond a to z before the @; the table has some people with them.
_ADDRESS = re.compile(r"[!-?A-~]+@[^@\s.]+(\.[^@\s.]+)+")


def expected_contacts(segments: Mapping[str, Table], names: Mapping[str, str]) -> Expected:
    """What the audience must hold: status, values and tags per address."""
    found: Expected = {}
    first: dict[str, tuple[int, str]] = {}
    for position, (segment, rows) in enumerate(segments.items()):
        for row in rows:
            address = row["Email"].strip().lower()
            if not _ADDRESS.fullmatch(address) or ".." in address:
                continue
            values = {tag: row[column].strip() for tag, column in names.items()}
            values = {tag: value for tag, value in values.items() if value}
            _, held, tags = found.get(address, ("", values, set()))
            rank = (position, row["CustomerId"])
            if rank <= first.get(address, rank):
                first[address], held = rank, values
            found[address] = ("subscribed", held, tags | {segment})
    return found


def as_found(contacts: Mapping[str, ContactState]) -> Expected:
    return {
        email: (
            contact.status,
            {tag: str(value) for tag, value in contact.merge_fields.items() if value != ""},
            set(contact.tags),
        )
        for email, contact in contacts.items()
    }


def cut(rows: Table, **parts: Callable[[dict[str, str]], bool]) -> dict[str, Table]:
    return {name: [row for row in rows if belongs(row)] for name, belongs in parts.items()}


def pairs(tables: Iterable[Table]) -> set[tuple[str, str]]:
    return {(row["CustomerId"], row["Email"].strip().lower()) for rows in tables for row in rows}


def run_of(place: Place, segments: Mapping[str, Table]) -> tuple[Document, list[Row]]:
    """Export segments, all of which must arrive, and nothing else; the run and its outcomes."""
    names = {"FNAME": "FirstName", "LNAME": "LastName"}
    place.save(segments, merge_fields=names)
    run = place.run()
    assert run["status"] == "succeeded", run
    assert as_found(place.contacts()) == expected_contacts(segments, names)
    outcomes = place.outcomes(run)
    assert {(row["customer_id"], row["email"]) for row in outcomes} == pairs(segments.values())
    assert len(outcomes) == len(pairs(segments.values()))
    return run, outcomes


@pytest.mark.skipif(not REAL.exists(), reason="the real customer table is not beside the project")
def test_the_real_customer_table_cut_by_two_columns_arrives_whole(place: Place) -> None:
    rows = list(csv.DictReader(REAL.open(encoding="utf-8-sig", newline="")))
    segments = cut(
        rows,
        Californians=lambda row: row["State"] == "CA",
        Women=lambda row: row["Gender"] == "Female",
    )
    place.write(segments)
    run, _ = run_of(place, segments)

    assert run["counts"]["profiles"] == sum(map(len, segments.values()))
    assert run["counts"]["created"] == run["counts"]["contacts"] == len(place.contacts())


def test_made_up_customers_cut_by_two_columns_arrive_whole(place: Place) -> None:
    made = sample_people(1500, seed=7).with_columns(pl.col("Email").fill_null(""))
    rows = list(csv.DictReader(io.StringIO(made.write_csv())))
    segments = cut(
        rows,
        Gold=lambda row: row["LoyaltyTier"] == "Gold",
        Germans=lambda row: row["PreferredLanguage"] in ("de", "hr"),
    )
    place.write(segments, partitions=3, empty_partitions=1)
    _, outcomes = run_of(place, segments)

    blank = {row["customer_id"] for row in outcomes if row["code"] == "skipped_no_email"}
    assert blank == {id_ for id_, address in pairs(segments.values()) if not address}
