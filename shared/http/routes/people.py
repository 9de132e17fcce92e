"""The routes about one person."""

from shared.exports.access import Role
from shared.http.route import Route, api

ROUTES: dict[str, Route] = {
    "explain_person": api(
        *("POST", "people/explain", Role.CONTRIBUTOR, "people:explain_person"),
        "Why a person arrived, or did not",
        answer="answers.people:PersonExplained",
        body="people:Question",
        problems=(403, 404, 409),
    ),
    "report_person": api(
        *("POST", "people/report", Role.ADMINISTRATOR, "people:report_person"),
        "One person's file: what is held, whence, sent where, under which consent, how long",
        answer="answers.privacy:PersonReport",
        body="people:Question",
        problems=(403, 404, 409),
    ),
}
