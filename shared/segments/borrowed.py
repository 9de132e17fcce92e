"""Whether names that a model.json gives to other files may be believed for a snapshot's own.

Files without a header are read by the position of their columns, and a model.json of another run
may have had them in another order. Then what stands in the files has to fit the names, and they
have to be those of the snapshot that was exported last.
"""

from collections.abc import Sequence

from shared.platform.blobs import Blobs
from shared.segments.columns import CUSTOMER_ID, find_column
from shared.segments.errors import NamesInDoubtError
from shared.segments.headers import is_address, is_in_no_header
from shared.segments.reader import first_rows
from shared.segments.snapshots import Snapshot
from shared.segments.state import columns_digest

_LOOKED_AT = 200
_HELP = (
    "Let Customer Insights write the segment again, so that its files and their model.json are of "
    "one time; or have the export written with column names."
)


def check_names(
    blobs: Blobs,
    snapshot: Snapshot,
    wanted: Sequence[str],
    email: str,
    exported: str = "",
) -> None:
    """Raise NamesInDoubtError where borrowed names can't be believed.

    `wanted`: columns that the export reads. `exported`: the digest of the columns of the snapshot
    that was exported last, empty where none was or nobody knows. Raises SegmentsError besides.
    """
    if snapshot.confirmed or snapshot.format.columns is None:
        return
    found = first_rows(blobs, snapshot, wanted, _LOOKED_AT)
    if found is None or not found.layout.borrowed:
        return
    columns = found.layout.columns
    if exported and exported != columns_digest(columns):
        reason = "has other columns than the snapshot that was exported last"
    elif not _fit(columns, found.rows, email):
        reason = "gives the columns names that don't fit what stands in them"
    else:
        return
    raise NamesInDoubtError(
        snapshot.segment,
        found.file,
        None,
        f"it has no header row, and the model.json that there is doesn't name it and {reason}",
        help=_HELP,
    )


def _fit(columns: Sequence[str], rows: Sequence[Sequence[str]], email: str) -> bool:
    """Tell whether addresses stand where they should, and ids where they should.

    >>> _fit(("CustomerId", "Email"), [("ana@contoso.com", "A")], "Email")
    False
    >>> _fit(("CustomerId", "Email"), [("A", "ana@contoso.com")], "Email")
    True
    """
    emails = _values(columns, rows, email)
    if emails:
        addresses = sum(map(is_address, emails))
        # Some rows may hold anything; where it is mostly so, it is another column.
        if addresses * 2 < len(emails) and (_has_addresses(rows) or _has_ids(emails)):
            return False
    elif _has_addresses(rows):
        return False
    return not any(map(is_address, _values(columns, rows, CUSTOMER_ID)))


def _values(columns: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> list[str]:
    places = find_column(columns, name)
    return [row[p].strip() for row in rows for p in places[:1] if p < len(row) and row[p].strip()]


def _has_addresses(rows: Sequence[Sequence[str]]) -> bool:
    return any(is_address(value.strip()) for row in rows for value in row)


def _has_ids(values: Sequence[str]) -> bool:
    return any(is_in_no_header(value) and not is_address(value) for value in values)
