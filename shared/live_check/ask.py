"""Begins live checks."""

from shared.app import App
from shared.exports.accounts import open_account
from shared.exports.connections import usable_connection
from shared.live_check import record
from shared.live_check.audience import check_small, check_unused
from shared.live_check.record import LiveCheck
from shared.platform import log, queues


class AddressInUseError(Exception):
    """The audience knows the address that was given."""


def begin(app: App, connection: str, audience: str, email: str, by: str) -> LiveCheck:
    """Have what an account does found out in one of its audiences.

    Raises NotATestAudienceError, AddressInUseError, ActiveError, what `usable_connection` and
    `open_account` raise, and MailchimpError.
    """
    usable = usable_connection(app, connection)
    check_unused(app, audience)
    with open_account(app, usable, for_people=True) as mailchimp:
        check_small(mailchimp.client, audience)
        if mailchimp.client.member(audience, email) is not None:
            raise AddressInUseError
        known = mailchimp.connection
    account = (known and known.account_id) or ""
    begun = record.begin(app.blobs, connection, account, audience, email, by)
    app.queues.send(queues.UPKEEP, {"live_check": connection})
    log.event("live_check_begun", connection=connection)
    return begun
