"""The routes of exports."""

from shared.exports.access import Role
from shared.http.route import Route, api

ROUTES: dict[str, Route] = {
    "list_exports": api(
        *("GET", "exports", Role.VIEWER, "exports:list_all"),
        "Exports: all, or those that are looked for, page by page",
        answer="answers.exports:ExportList",
        query={
            "search": "text",
            "status": "export_status",
            "connection": "text",
            "sort": "export_sort",
            "after": "text",
            "limit": "limit",
        },
    ),
    "get_export": api(
        *("GET", "exports/{name}", Role.VIEWER, "exports:get"),
        "One export",
        answer="answers.exports:ExportView",
        etag=True,
    ),
    "put_export": api(
        *("PUT", "exports/{name}", Role.CONTRIBUTOR, "exports:put"),
        "Create or replace an export; nothing is run",
        answer="answers.exports:ExportView",
        body="exports:Export",
        etag=True,
        conditional=True,
        problems=(403,),
        waits_for_mailchimp=True,
        other_answers=((201, "same"),),
    ),
    "validate_export": api(
        *("POST", "exports/{name}/validate", Role.CONTRIBUTOR, "exports:validate"),
        "Check an export as saving it would, and save nothing",
        answer="answers.exports:Validation",
        body="exports:Export",
        waits_for_mailchimp=True,
    ),
    "suggest_mapping": api(
        *("POST", "exports/suggest", Role.CONTRIBUTOR, "suggestions:propose"),
        "Propose what a new export could map",
        answer="answers.setup:Suggestion",
        body="suggestions:SuggestionQuestion",
        waits_for_mailchimp=True,
    ),
    "next_times": api(
        *("POST", "schedules/next", Role.CONTRIBUTOR, "schedules:next_times"),
        "When a schedule would run next",
        answer="answers.exports:NextTimes",
        body="schedules:ScheduleQuestion",
    ),
    "delete_export": api(
        *("DELETE", "exports/{name}", Role.CONTRIBUTOR, "exports:delete"),
        "Remove an export and cancel its run",
        status=204,
        conditional=True,
        problems=(403,),
    ),
    "get_history": api(
        *("GET", "exports/{name}/history", Role.VIEWER, "history:get"),
        "What happened to an export: its runs, and what people changed",
        answer="answers.exports:History",
        query={"before": "text", "limit": "limit"},
    ),
    "duplicate_export": api(
        *("POST", "exports/{name}/duplicate", Role.CONTRIBUTOR, "exports:duplicate"),
        "Copy an export",
        status=201,
        answer="answers.exports:ExportView",
        body="exports:NewName",
        etag=True,
        problems=(403, 409),
    ),
    "detach_export": api(
        *("POST", "exports/{name}/detach", Role.CONTRIBUTOR, "exports:detach"),
        "Keep an export without its connection",
        answer="answers.exports:ExportView",
        etag=True,
        conditional=True,
        problems=(403,),
    ),
}
