"""Times as this app writes them."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Write a time as ISO 8601 in UTC with milliseconds: `2026-11-22T06:15:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote; raises ValueError."""
    return datetime.fromisoformat(text)


def seconds_since(text: str) -> float:
    """Return how long ago a written time was, in seconds."""
    return (utc_now() - from_text(text)).total_seconds()
