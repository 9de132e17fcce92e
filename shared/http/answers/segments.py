"""What the routes about a source's segments answer."""

from shared.http.answers.common import Answer


class ProfileCount(Answer):
    """How many profiles a snapshot has; estimated where counting would take long."""

    count: int
    exact: bool


class SegmentView(Answer):
    """The newest snapshot of a segment."""

    name: str
    snapshot: str
    partitions: int
    bytes: int
    columns: list[str]
    profiles: ProfileCount
    age_seconds: int


class SegmentList(Answer):
    """What lies in a source folder."""

    items: list[SegmentView]
