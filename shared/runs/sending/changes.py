"""What people change of an audience's tags and merge fields while a run is sent to it.

Answers show it: a contact has our tag's name under another id, or lacks a value that was sent. From
then on tags are given by their ids, and values are sent under the tag that their field has now.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.audiences.owned_tags import ids_of, own_tag, owned_tags
from shared.mailchimp.answers import Tag
from shared.mailchimp.client import MailchimpClient
from shared.platform.blobs import Blobs
from shared.runs import names
from shared.runs.job import Job
from shared.runs.plan_document import Plan

# A process has at most a dozen lanes.
_MAX_RUNS = 24
Block = Mapping[str, Any]


class Changes:
    """What this process has seen of it, by run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def job(self, plan: Plan) -> Job:
        """Return what the calls of a run have in common by now."""
        return self._jobs.get(plan.run, plan.job)

    def forget(self, run: str) -> None:
        """Drop what is known for a run that this process no longer works for."""
        with self._lock:
            self._jobs.pop(run, None)

    def look(
        self, plan: Plan, client: MailchimpClient, blobs: Blobs, blocks: Sequence[Block]
    ) -> None:
        """Find out what has become of what these blocks miss; raises MailchimpError."""
        if any("untaken" in block for block in blocks):
            now = {field.merge_id: field.tag for field in client.merge_fields(plan.audience)}
            called = {tag: now.get(id_, tag) for tag, id_ in plan.ledger.known_fields.items()}
            job = self.job(plan)
            self._keep(plan, replace(job, called={**job.called, **called}))
        strays = [block for block in blocks if "strays" in block]
        if strays:
            self._look_at_tags(plan, client.tags(plan.audience), blobs, strays)

    def _look_at_tags(
        self, plan: Plan, existing: Sequence[Tag], blobs: Blobs, blocks: Sequence[Block]
    ) -> None:
        job = self.job(plan)
        made = {tag.id: tag.created_at for tag in existing}
        seen = {
            (bit, other): block["during"] for block in blocks for _, bit, other in block["strays"]
        }
        tags, by_id = dict(job.tags), job.by_id
        for (bit, other), during in seen.items():
            by_id |= 1 << bit
            if _is_within(made.get(other), during):
                name, export = tags[bit][0], names.export_of(plan.run) or ""
                own_tag(blobs, plan.account, plan.audience, name=name, id_=other, export=export)
        owned = ids_of(owned_tags(blobs, plan.account, plan.audience), existing, 0)
        for bit, other in seen:
            name, id_ = tags[bit]
            if id_ not in made and other in made and other in owned:
                # Ours was deleted, and Mailchimp has made it anew for one of our calls.
                tags[bit] = name, other
        self._keep(plan, replace(job, tags=tags, by_id=by_id))

    def _keep(self, plan: Plan, job: Job) -> None:
        with self._lock:
            self._jobs[plan.run] = job
            while len(self._jobs) > _MAX_RUNS:
                # Of runs that were stopped, or ended elsewhere, nobody says that they are over.
                del self._jobs[next(iter(self._jobs))]


def _is_within(moment: datetime | None, during: Sequence[int]) -> bool:
    """Return whether a time lies in a call, given by Mailchimp's times (seconds since 1970)."""
    begun, ended = during
    return moment is not None and begun <= moment.timestamp() <= ended
