"""Work of the upkeep queue: what takes long and is no run."""

from collections.abc import Mapping

from shared.app import App


def work(app: App, message: Mapping[str, str]) -> None:
    """Handle a message: what is imported is what its work needs."""
    if erasure := message.get("erasure"):
        from shared.erasure.work import work_on

        work_on(app, erasure)
    if predecessor := message.get("predecessor"):
        from shared.runs.upkeep.due import start_followers

        start_followers(app, predecessor)
    if verification := message.get("verification"):
        from shared.proof.work import work_on as verify

        verify(app, verification)
    if connection := message.get("live_check"):
        from shared.live_check.work import work_on as check

        check(app, connection)
    if "webhooks" in message:
        from shared.webhooks.settling import settle_webhooks

        settle_webhooks(app)
