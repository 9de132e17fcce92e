"""Who may not be written as subscribed: a table per audience, kept in blobs.

- `refresh` brings a table up to date with Mailchimp; resumable, one at a time per audience
- `load_subscribed` gives who is subscribed, of whom a plan with a growth limit may have to know
- `load_suppressions` gives it to a plan, with its state: how fresh it is, which generation
- `changed_since` gives lanes who was added after the plan was made
- `tell` keeps who has left as webhooks tell it, `read_told` gives lanes that, too
- `erase` forgets a person; `tables` and `drop` are for what is no longer needed

Nothing here imports polars before `load_suppressions` is called.
"""

from shared.mailchimp.suppressions.erase import erase, holds
from shared.mailchimp.suppressions.load import load_subscribed, load_suppressions
from shared.mailchimp.suppressions.recent import Changes, changed_since
from shared.mailchimp.suppressions.refresh import RefreshResult, refresh
from shared.mailchimp.suppressions.table import (
    OVERLAP,
    STATUSES,
    State,
    Subscribed,
    SuppressionsMissingError,
    Table,
    drop,
    tables,
)
from shared.mailchimp.suppressions.told import Told, drop_told, read_told, tell

__all__ = [
    "OVERLAP",
    "STATUSES",
    "Changes",
    "RefreshResult",
    "State",
    "Subscribed",
    "SuppressionsMissingError",
    "Table",
    "Told",
    "changed_since",
    "drop",
    "drop_told",
    "erase",
    "holds",
    "load_subscribed",
    "load_suppressions",
    "read_told",
    "refresh",
    "tables",
    "tell",
]
