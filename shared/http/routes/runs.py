"""The routes of runs and their outcomes."""

from shared.exports.access import Role
from shared.http.route import Route, api

ROUTES: dict[str, Route] = {
    "start_run": api(
        *("POST", "exports/{name}/runs", Role.CONTRIBUTOR, "runs:start"),
        "Run an export",
        status=202,
        answer="answers.runs:RunView",
        body="runs:RunOptions",
        body_required=False,
        problems=(403, 409),
    ),
    "start_all_runs": api(
        *("POST", "runs", Role.CONTRIBUTOR, "runs:start_all"),
        "Run every export with an active schedule",
        status=202,
        answer="answers.runs:RunList",
    ),
    "list_runs": api(
        *("GET", "exports/{name}/runs", Role.VIEWER, "runs:list_of_export"),
        "The runs of an export, newest first",
        answer="answers.runs:RunList",
        query={"status": "run_status", "before": "text", "limit": "limit"},
    ),
    "list_all_runs": api(
        *("GET", "runs", Role.VIEWER, "runs:list_all"),
        "The runs of all exports, newest first",
        answer="answers.runs:RunList",
        query={"status": "run_status", "export": "text", "before": "text", "limit": "limit"},
    ),
    "get_run": api(
        *("GET", "runs/{id}", Role.VIEWER, "runs:get"),
        "One run",
        answer="answers.runs:RunView",
    ),
    "get_run_series": api(
        *("GET", "runs/{id}/series", Role.VIEWER, "runs:series_of"),
        "What a run did over time",
        answer="answers.runs:SeriesView",
    ),
    "cancel_run": api(
        *("POST", "runs/{id}/cancel", Role.CONTRIBUTOR, "runs:cancel"),
        "Cancel a run",
        status=202,
        answer="answers.runs:RunView",
        problems=(403, 409),
    ),
    "abandon_run": api(
        *("POST", "runs/{id}/abandon", Role.ADMINISTRATOR, "runs:abandon"),
        "Give up a run that does not end by itself",
        status=202,
        answer="answers.runs:RunView",
        problems=(403, 409),
    ),
    "get_outcomes": api(
        *("GET", "runs/{id}/outcomes", Role.VIEWER, "outcomes:get"),
        "What happened to each contact",
        answer="answers.outcomes:OutcomePage",
        query={"code": "text", "segment": "text", "after": "text", "limit": "limit"},
        problems=(403, 409, 410, 413, 416),
        other_answers=(
            (200, "text/csv"),
            (200, "application/vnd.apache.parquet"),
            (206, "text/csv"),
            (307, ""),
        ),
    ),
    "search_outcomes": api(
        *("POST", "runs/{id}/outcomes/search", Role.VIEWER, "outcomes:search"),
        "What happened to one person",
        answer="answers.outcomes:OutcomePage",
        body="outcomes:PersonQuestion",
        problems=(403, 409, 410),
    ),
}
