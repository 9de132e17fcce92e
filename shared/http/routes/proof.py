"""The routes of proof: whether an audience is what was promised."""

from shared.exports.access import Role
from shared.http.route import Route, api

_VERIFICATION = "exports/{name}/verification"

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
}
