"""Who the caller is, as far as the app knows, for the console and for programs that ask first."""

from shared.app import App
from shared.exports.access import Role
from shared.http.messages import Request, Response
from shared.version import VERSION


def get(app: App, request: Request) -> Response:
    """Say who calls and what they may do; in keys mode, what any key opens."""
    if app.settings.http_auth == "keys":
        return _answer(app, request, Role.CONTRIBUTOR)
    return _answer(app, request, request.caller.role)


def get_administrator(app: App, request: Request) -> Response:
    """Say the same to an administrator: the way to find out what a key opens."""
    return _answer(app, request, Role.ADMINISTRATOR)


def _answer(app: App, request: Request, role: Role) -> Response:
    return Response(
        document={
            "name": request.caller.name,
            "role": str(role) if role is not Role.SIGNED_IN else None,
            "auth": app.settings.http_auth,
            "version": VERSION,
            "downloads": app.settings.outcome_downloads,
        }
    )
