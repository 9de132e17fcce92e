"""Who may not be written as subscribed: a table per audience, kept in blobs.

- `refresh` brings a table up to date with Mailchimp; resumable, one at a time per audience
- `read_state` says how fresh it is, and names its generation
- `load_suppressions` gives it to a plan
- `changed_since` gives lanes who was added after the plan was made

Nothing here imports polars before `load_suppressions` is called.
"""

from shared.mailchimp.suppressions.erase import erase
from shared.mailchimp.suppressions.load import load_suppressions, load_with_state
from shared.mailchimp.suppressions.recent import Changes, changed_since
from shared.mailchimp.suppressions.refresh import REFRESH_INTERVAL, RefreshResult, refresh
from shared.mailchimp.suppressions.table import (
    OVERLAP,
    STATUSES,
    State,
    SuppressionsMissingError,
    read_state,
)

__all__ = [
    "OVERLAP",
    "REFRESH_INTERVAL",
    "STATUSES",
    "Changes",
    "RefreshResult",
    "State",
    "SuppressionsMissingError",
    "changed_since",
    "erase",
    "load_suppressions",
    "load_with_state",
    "read_state",
    "refresh",
]
