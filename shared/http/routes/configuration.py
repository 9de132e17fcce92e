"""The routes of the configuration as one file."""

from shared.exports.access import Role
from shared.http.route import Route, api

_MOST = 20 << 20

ROUTES: dict[str, Route] = {
    "get_configuration": api(
        *("GET", "configuration", Role.ADMINISTRATOR, "configuration:get"),
        "All connections and exports as one file, without tokens and consent",
        answer="answers.configuration:ConfigurationView",
    ),
    "plan_configuration": api(
        *("POST", "configuration/plan", Role.ADMINISTRATOR, "configuration:plan"),
        "What a file would change; nothing is saved",
        answer="answers.configuration:ConfigurationPlan",
        body="configuration:ConfigurationFile",
        max_body=_MOST,
        waits_for_mailchimp=True,
    ),
    "apply_configuration": api(
        *("POST", "configuration/apply", Role.ADMINISTRATOR, "configuration:apply"),
        "Save what was planned; nothing is run",
        answer="answers.configuration:ConfigurationApplied",
        body="configuration:Application",
        max_body=_MOST,
        waits_for_mailchimp=True,
    ),
}
