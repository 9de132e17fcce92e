"""How many connections of an account are this app's: all ten where its user serves it alone."""

import threading
import time
from collections.abc import Mapping

from shared.accounts.allowance import Allowance
from shared.exports import store
from shared.platform.blobs import Blobs
from shared.platform.forms import FormError
from shared.platform.settings import Settings

# Mailchimp allows ten: nine for lanes, and the tenth for people.
_ALL = Allowance(9, shares=True)
# How old at most what is known of the connections is. Too many calls it can never make: that the
# app has a user for itself is a matter of speed, and of whom else Mailchimp turns away.
_KNOWN_SECONDS = 60.0


class Allowances:
    """The allowance of every account, by what its connections say; read once a minute at most."""

    def __init__(self, blobs: Blobs, settings: Settings) -> None:
        self._blobs = blobs
        self._usual = Allowance(settings.max_connections)
        self._may_be_all = not settings.connections_set
        self._lock = threading.Lock()
        self._exclusive: Mapping[str, bool] = {}
        self._read_at = -_KNOWN_SECONDS

    def of(self, account: str) -> Allowance:
        """Return what an account's calls may take."""
        if not self._may_be_all:
            return self._usual
        with self._lock:
            if time.monotonic() - self._read_at >= _KNOWN_SECONDS:
                self._exclusive = _exclusive_accounts(self._blobs)
                self._read_at = time.monotonic()
            return _ALL if self._exclusive.get(account) else self._usual


def _exclusive_accounts(blobs: Blobs) -> dict[str, bool]:
    """Return of each account whether every connection to it says that its user is this app's."""
    said: dict[str, bool] = {}
    try:
        for connection in store.list_connections(blobs):
            if account := connection.account_id:
                said[account] = said.get(account, True) and connection.exclusive_user
    except (FormError, ValueError):
        # What one of them says can't be read, so nobody's user is known to be this app's alone.
        return {}
    return said
