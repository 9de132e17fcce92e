"""Forgetting one person in every table."""

import json
from collections.abc import Iterable
from dataclasses import replace

from shared.addresses import spellings
from shared.app import App
from shared.mailchimp.suppressions.lines import line_of, unpack
from shared.mailchimp.suppressions.recent import read_recent, write_recent
from shared.mailchimp.suppressions.table import KINDS, State, Table
from shared.platform.blobs import BlobConflictError, BlobMissingError

# Refreshes may come between.
_ATTEMPTS = 10


def holds(app: App, account: str, audience: str, addresses: Iterable[str]) -> bool:
    """Return whether an audience's tables or their checkpoints have one of these addresses."""
    forms = frozenset(form for address in addresses for form in spellings(address))
    return any(_blobs_with(kind(app.blobs, account, audience), forms) for kind in KINDS)


def erase(app: App, account: str, audience: str, addresses: Iterable[str]) -> bool:
    """Remove addresses from an audience's tables and checkpoints; tell whether one was there.

    A table is a copy of Mailchimp's own: while Mailchimp holds the contact, the next refresh
    brings it back.
    """
    # A table of an earlier version may still write them in another form.
    forms = frozenset(form for address in addresses for form in spellings(address))
    found = [_erase(kind(app.blobs, account, audience), forms) for kind in KINDS]
    return any(found)


def _erase(table: Table, forms: frozenset[str]) -> bool:
    holding = _blobs_with(table, forms)
    if not holding:
        return False
    # Whoever works on a refresh sees that the draft is gone, or the state another, and begins anew.
    table.blobs.delete(table.draft_name)
    for attempt in range(_ATTEMPTS):
        state = table.state()
        try:
            if state is not None:
                table.write_state(_without(table, state, forms), state)
            break
        except (BlobConflictError, BlobMissingError):
            if attempt + 1 == _ATTEMPTS:
                raise
    # Parts that are newer than this list may belong to a state that is newer than ours.
    pages = [name for name in _blobs_with(table, forms) if name.startswith(table.pages_folder)]
    for name in {*holding, *pages}:
        table.blobs.delete(name)
    return True


def _blobs_with(table: Table, forms: frozenset[str]) -> list[str]:
    """Return the blobs that hold the address in one of its forms."""
    lines = {line_of(form) for form in forms}
    found = []
    for blob in table.blobs.list(table.folder):
        try:
            if blob.name.endswith(".json.gz"):
                hit = any(entry[0] in forms for entry in read_recent(table, blob.name))
            elif blob.name == table.draft_name:
                draft = json.loads(table.blobs.read(blob.name))
                hit = not forms.isdisjoint(draft["entered"] or {})
            elif blob.name.startswith(table.told_folder):
                hit = json.loads(table.blobs.read(blob.name))["email"] in forms
            elif blob.name in (table.state_name, table.lock_name):
                hit = False
            else:
                hit = any(one in lines for one in unpack(table.blobs.read(blob.name)))
        except BlobMissingError:
            continue
        if hit:
            found.append(blob.name)
    return found


def _without(table: Table, state: State, forms: frozenset[str]) -> State:
    gone = {line_of(form) for form in forms}
    rows = dict(state.rows)
    for status, before in state.rows.items():
        lines = list(table.read_part(before.part))
        kept_lines = [line for line in lines if line not in gone]
        if len(kept_lines) != len(lines):
            part = table.write_part(status, kept_lines)
            erased = len(lines) - len(kept_lines)
            hidden = before.hidden + erased
            rows[status] = replace(before, part=part, count=len(kept_lines), hidden=hidden)
    entries = read_recent(table, state.recent)
    kept = [entry for entry in entries if entry[0] not in forms]
    recent = state.recent if len(kept) == len(entries) else write_recent(table, kept)
    return replace(
        state,
        generation=state.generation + 1,
        rows=rows,
        recent=recent,
        previous=tuple(sorted(state.parts() | set(state.previous))),
    )
