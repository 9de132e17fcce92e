"""Who the caller is, as far as the app knows, for the console and for programs that ask first.

No client is built for it: with the storage down people still sign in, and see what is wrong.
"""

from shared.exports.access import Role
from shared.http import problems
from shared.http.messages import Request, Response
from shared.platform.settings import Settings, judged
from shared.version import VERSION


def get(request: Request) -> Response:
    """Say who calls and what they may do; in keys mode, what any key opens."""
    settings = _settings()
    if settings.http_auth == "keys":
        return _answer(settings, request, Role.CONTRIBUTOR)
    return _answer(settings, request, request.caller.role)


def get_administrator(request: Request) -> Response:
    """Say the same to an administrator: the way to find out what a key opens."""
    return _answer(_settings(), request, Role.ADMINISTRATOR)


def _settings() -> Settings:
    settings, wrong = judged()
    if wrong:
        raise problems.app_misconfigured()
    return settings


def _answer(settings: Settings, request: Request, role: Role) -> Response:
    return Response(
        document={
            "name": request.caller.name,
            "role": str(role) if role is not Role.SIGNED_IN else None,
            "auth": settings.http_auth,
            "version": VERSION,
            "downloads": settings.outcome_downloads,
        }
    )
