"""A verification that is driven step by step, and what it names."""

from collections import defaultdict

from shared.proof import ask, record, rows
from shared.proof.record import Verification
from shared.proof.work import work
from shared.runs.last_run import read_last
from tests.support.steps import Steps

# Code, what, field, repairable.
type Named = tuple[str, str, str | None, bool]


def verification(steps: Steps) -> Verification:
    """The export's newest verification."""
    found = record.read(steps.app.blobs, steps.export().uid)
    assert found is not None
    return found


def verified(steps: Steps) -> Verification:
    """Verify the audience, undisturbed."""
    ask.begin(steps.app, steps.export(), "test")
    assert work(steps.app, steps.export().uid) is None
    found = verification(steps)
    assert found.status == "succeeded", found.error
    return found


def named(steps: Steps) -> dict[str, set[Named]]:
    """Verify; who is named, by address, and how."""
    found = verified(steps)
    listed, more = rows.page(steps.app.blobs, found, rows.files_of(), None, 1000)
    assert more is None
    assert sum(one.count for one in found.differing) == len(listed)
    people: defaultdict[str, set[Named]] = defaultdict(set)
    for row in listed:
        people[row.email].add((row.code, row.what, row.field, row.repairable))
        assert row.code == "foreign" or row.customer_id
    return dict(people)


def last_run(steps: Steps) -> str:
    """The id of the export's last run."""
    export = steps.export()
    found = read_last(steps.app.blobs, export.name, export.uid)
    assert found is not None
    return found.run
