"""The routes of the product as a whole: erasure, the record of processing, webhooks, health."""

from shared.exports.access import Role
from shared.http.route import Route, api

ROUTES: dict[str, Route] = {
    "erase_person": api(
        *("POST", "erasures", Role.ADMINISTRATOR, "erasures:erase"),
        "Erase one person and keep them out",
        status=202,
        answer="answers.erasures:ErasureView",
        body="erasures:Erasure",
        problems=(409,),
    ),
    "get_erasure": api(
        *("GET", "erasures/{id}", Role.ADMINISTRATOR, "erasures:get"),
        "How far an erasure has come",
        answer="answers.erasures:ErasureView",
    ),
    "get_record_of_processing": api(
        *("GET", "records-of-processing", Role.ADMINISTRATOR, "processing:get"),
        "The record of processing, from what is configured now",
        answer="answers.privacy:RecordOfProcessing",
    ),
    "check_webhook": api(
        *("GET", "mailchimp/webhooks/{hook}", Role.ANYONE, "webhooks:check"),
        "Where Mailchimp finds out whether the address of a webhook answers",
    ),
    "take_webhook": api(
        *("POST", "mailchimp/webhooks/{hook}", Role.ANYONE, "webhooks:take"),
        "Where Mailchimp's signed events come in, as a form of at most 64 kB",
        other_answers=((401, ""), (410, ""), (411, ""), (413, "")),
    ),
    "get_me": api(
        *("GET", "me", Role.SIGNED_IN, "me:get"),
        "Who the caller is and what they may do",
        bare=True,
        answer="answers.product:Me",
    ),
    "get_me_administrator": api(
        *("GET", "me/administrator", Role.ADMINISTRATOR, "me:get_administrator"),
        "The same, for administrators: the way to find out what a key opens",
        bare=True,
        answer="answers.product:Me",
    ),
    "get_health": api(
        *("GET", "health", Role.ANYONE, "health:get"),
        "Whether the app can do its work",
        bare=True,
        answer="answers.product:Health",
        other_answers=((503, "same"),),
    ),
    "get_health_details": api(
        *("GET", "health/details", Role.VIEWER, "health:details"),
        "What is wrong, what waits, and what the host left out",
        bare=True,
        answer="answers.product:HealthDetails",
        other_answers=((503, "same"),),
    ),
    "get_openapi": api(
        *("GET", "openapi.json", Role.ANYONE, "openapi:get"),
        "This document",
        bare=True,
        other_answers=((200, "application/json"),),
    ),
}
