"""Where Mailchimp's webhooks come in: nobody is signed in, and nothing but a signature counts.

Answers are statuses alone: Mailchimp reads no more, and whoever else asks learns no more. It tries
again over 75 minutes and switches a webhook off for a 410, so that is said by those who know.
"""

import re

from shared.app import App
from shared.http.messages import Request, Response
from shared.webhooks.hooks import HOOK_PATTERN
from shared.webhooks.signature import HEADER

_MOST_BYTES = 64 << 10


def check(app: App, request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Answer Mailchimp, which asks before it takes an address."""
    return Response(200)


def take(app: App, request: Request) -> Response:
    """Take a delivery: 200, 401 for a forged one, 410 or, where that can't be told, 503."""
    if not request.body and "transfer-encoding" in request.headers:
        return Response(411)
    if len(request.body) > _MOST_BYTES:
        return Response(413)
    hook = request.path.get("hook", "")
    if not re.fullmatch(HOOK_PATTERN, hook):
        return Response(410)
    # Whoever asks for an address that can't be one loads no more than this.
    from shared.webhooks.taking import Verdict, take

    statuses = {Verdict.TAKEN: 200, Verdict.FORGED: 401, Verdict.GONE: 410, Verdict.UNSURE: 503}
    verdict = take(app, hook, request.headers.get(HEADER), request.body)
    headers = {"Retry-After": "60"} if verdict is Verdict.UNSURE else {}
    return Response(statuses[verdict], headers=headers)
