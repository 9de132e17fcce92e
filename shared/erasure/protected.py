"""Taking a person out of the tables of protected contacts."""

from collections.abc import Iterator, Mapping

from shared.app import App
from shared.erasure.search import Search
from shared.mailchimp import suppressions


def pieces(app: App) -> Iterator[str]:
    """Yield account and audience of every table."""
    return (f"{account}/{audience}" for account, audience in suppressions.tables(app))


def erase(app: App, piece: str, search: Search) -> Mapping[str, int]:
    """Remove a person from one table and its checkpoints."""
    account, _, audience = piece.partition("/")
    found = suppressions.erase(app, account, audience, search.person.spellings)
    return {f"protected/{audience}": 1} if found else {}
