"""What can be wrong with a segment's files, each with the run error code it becomes.

SegmentsError
├─ SegmentNotFoundError      segment_not_found     there is no snapshot of this segment at all
├─ ColumnMissingError        column_missing        a mapped column is not in the files
├─ SnapshotUnreadableError   snapshot_unreadable   a file is not what it should be
│  └─ NamesInDoubtError      snapshot_unreadable   its columns' names may be another's: wait first
└─ SnapshotChangedError      snapshot_incomplete   a file was rewritten meanwhile: plan again

Messages are for a marketer: they name segment, file and line, and never hold a value of a row.
"""

from collections.abc import Iterable


class SegmentsError(Exception):
    """Base of everything that stops a run because of its input; `code` as in the run's `error`."""

    code = "internal_error"

    def __init__(self, text: str, **params: str | int | list[str] | None) -> None:
        super().__init__(text)
        # What it is about, for people who read another language than the text's.
        self.params = params


class SegmentNotFoundError(SegmentsError):
    """The export's folder holds no snapshot of the segment."""

    code = "segment_not_found"

    def __init__(self, segment: str, folder: str) -> None:
        super().__init__(
            f"Customer Insights has not written the segment {segment} to the folder {folder}. See "
            "whether its export there includes the segment and has run, and whether the segment "
            "was renamed.",
            segment=segment,
            folder=folder,
        )


class ColumnMissingError(SegmentsError):
    """Mapped columns that a file does not have; `columns` holds their names."""

    code = "column_missing"

    def __init__(self, segment: str, file: str, columns: Iterable[str]) -> None:
        self.columns = tuple(columns)
        names = ", ".join(self.columns)
        super().__init__(
            f"The segment {segment} has no column {names} in its file {file}. Bring it back in "
            "Customer Insights, or map another column in the export.",
            segment=segment,
            file=file,
            columns=list(self.columns),
        )


class SnapshotUnreadableError(SegmentsError):
    """A file can't be read.

    `line` and `row` count from 1, lines of the file and rows of profiles, None where the whole file
    is meant; `column` is a column's name. `help`: what would help at the source.
    """

    code = "snapshot_unreadable"

    def __init__(  # noqa: PLR0913 - a place in a file, as exactly as it is known
        self,
        segment: str,
        file: str,
        line: int | None,
        reason: str,
        *,
        row: int | None = None,
        column: str | None = None,
        help: str = "",
    ) -> None:
        self.line, self.row, self.column, self.file = line, row, column, file
        place = file
        if row is not None:
            place += f", row {row:,}"
        if column is not None:
            place += f", column {column}"
        if line is not None:
            place += f", line {line}"
        super().__init__(
            f"The segment {segment} can't be read: {place}: {reason}. "
            f"{help or 'Let Customer Insights write it again.'}",
            segment=segment,
            file=file,
            line=line,
            row=row,
            column=column,
        )


class NamesInDoubtError(SnapshotUnreadableError):
    """A file has no header, and the names that a model.json gives to others don't fit it."""


class SnapshotChangedError(SegmentsError):
    """A file was rewritten or deleted after the snapshot was looked at."""

    code = "snapshot_incomplete"

    def __init__(self, segment: str, file: str) -> None:
        text = f"The segment {segment} changed while it was read: {file}."
        super().__init__(text, segments=[segment])
