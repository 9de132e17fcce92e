"""The plan of a run as its lanes and its finish see it: one document, written once."""

from dataclasses import dataclass
from typing import Any

from shared.app import App
from shared.runs import payload, records
from shared.runs.job import Job
from shared.runs.payload import ChunkIndex

Document = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """`document` has everything; the other members are what lanes need of it.

    document, as planning/build.py writes it: run, attempt, account, audience, connection,
    status_for_new, clock_offset, planned_at; suppressions (the generation that was planned with);
    tags, fields, segments, snapshots; ledger (the next version, without its table), ledger_etag and
    ledger_run (of the version that was planned with), shared_tags, other_ledgers; profiles and
    contacts (counts), removals_withheld, warnings; folder (of the attempt's tables), payload (a
    blob), chunks (where each lies in it).
    """

    document: Document
    account: str
    audience: str
    job: Job
    chunks: list[ChunkIndex]


def load(app: App, run: str) -> Plan | None:
    """Return a run's plan, None where it has none yet."""
    found = app.blobs.read_document(records.plan_name(run))
    return read(found[0]) if found else None


def read(document: Document) -> Plan:
    """Read a plan's document."""
    return Plan(
        document=document,
        account=document["account"],
        audience=document["audience"],
        job=Job(
            run=document["run"],
            audience=document["audience"],
            tags={tag["bit"]: (tag["name"], tag["id"]) for tag in document["tags"]},
            fields=tuple(document["fields"]),
            status_for_new=document["status_for_new"],
            clock_offset=document["clock_offset"],
        ),
        chunks=payload.read_index(document["chunks"]),
    )
