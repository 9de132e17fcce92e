"""Where everything lies that is kept of one audience."""


def audience_folder(account: str, audience: str) -> str:
    """Return the folder of an audience: all ledgers on it, and what they share."""
    return f"ledgers/{account}/{audience}/"
