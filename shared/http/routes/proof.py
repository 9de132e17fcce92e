"""The routes of proof: whether an audience is what was promised, and what people changed of it."""

from shared.exports.access import Role
from shared.http.route import Route, api

_VERIFICATION = "exports/{name}/verification"
_DRIFT = "exports/{name}/drift"

ROUTES: dict[str, Route] = {
    "begin_verification": api(
        *("POST", _VERIFICATION, Role.CONTRIBUTOR, "verification:begin"),
        "Compare an audience with what was promised",
        status=202,
        answer="answers.proof:VerificationView",
        problems=(403, 409),
    ),
    "get_verification": api(
        *("GET", _VERIFICATION, Role.CONTRIBUTOR, "verification:get"),
        "The newest verification of an export",
        answer="answers.proof:VerificationView",
    ),
    "stop_verification": api(
        *("DELETE", _VERIFICATION, Role.CONTRIBUTOR, "verification:stop"),
        "Stop a verification",
        status=202,
        answer="answers.proof:VerificationView",
        problems=(403,),
    ),
    "list_verification_rows": api(
        *("GET", f"{_VERIFICATION}/rows", Role.CONTRIBUTOR, "verification:list_rows"),
        "Who is not as promised",
        answer="answers.proof:VerificationRows",
        query={"code": "text", "what": "text", "after": "text", "limit": "limit"},
        problems=(403, 413),
        other_answers=((200, "text/csv"), (307, "")),
    ),
    "get_drift": api(
        *("GET", _DRIFT, Role.VIEWER, "drift:list_items"),
        "What people changed by hand in Mailchimp",
        answer="answers.proof:DriftView",
        query={"after": "text", "limit": "limit"},
    ),
    "choose_drift": api(
        *("POST", f"{_DRIFT}/{{id}}", Role.CONTRIBUTOR, "drift:choose"),
        "Put a change back, leave it, or note it",
        answer="answers.proof:DriftItem",
        body="drift:DriftChoice",
        problems=(403, 409),
    ),
}
