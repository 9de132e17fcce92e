"""Which audience a live check may be made in: one that nobody needs."""

from collections.abc import Mapping

from shared.app import App
from shared.exports import store
from shared.mailchimp.live_check.traces import CheckCalls

_MOST_CONTACTS = 100


class NotATestAudienceError(Exception):
    """An export uses the audience, or it holds too many contacts; `params` say which."""

    def __init__(self, **params: str | int) -> None:
        super().__init__("not a test audience")
        self.params: Mapping[str, str | int] = params


def check_unused(app: App, audience: str) -> None:
    """Raise NotATestAudienceError where an export uses the audience, of whichever connection."""
    exports, unreadable = store.indexed_exports(app.blobs)
    if unreadable:
        # One that can't be read may use any.
        raise NotATestAudienceError(export=unreadable[0].name)
    if used := next((one.name for one in exports if one.audience_id == audience), None):
        raise NotATestAudienceError(export=used)


def check_small(client: CheckCalls, audience: str) -> None:
    """Raise NotATestAudienceError where the audience holds people."""
    contacts = client.members(audience, count=1).total_items
    if contacts > _MOST_CONTACTS:
        raise NotATestAudienceError(contacts=contacts)
