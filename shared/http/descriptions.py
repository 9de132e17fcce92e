"""What the OpenAPI document says of each route."""

from shared.exports.models import Connection, Export
from shared.http import answers
from shared.http.erasures import Erasure
from shared.http.exports import NewName
from shared.http.openapi import About
from shared.http.runs import RunOptions
from shared.http.tokens import ApiKey
from shared.runs.codes import NAMES
from shared.runs.records import STATUSES

_TEXT = {"type": "string"}
_CODE = {"type": "string", "enum": list(NAMES)}
_STATUS = {"type": "string", "enum": list(STATUSES)}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
_WHAT_THEN = {"type": "string", "enum": ["detach", "remove"]}

ABOUT: dict[str, About] = {
    "get_terms": About("The data privacy terms", answer=answers.Terms),
    "list_connections": About(
        "The connections that the caller may know of", answer=answers.ConnectionList
    ),
    "get_connection": About(
        "One connection",
        answer=answers.ConnectionView,
        etag=True,
        other_answers=((304, ""),),
    ),
    "put_connection": About(
        "Create or replace a connection, give or withdraw consent",
        answer=answers.ConnectionView,
        body=Connection,
        etag=True,
        conditional=True,
        other_answers=((201, "same"),),
    ),
    "delete_connection": About(
        "Remove a connection",
        status=204,
        query=(("exports", _WHAT_THEN, False),),
        conditional=True,
        problems=(409,),
    ),
    "put_token": About(
        "Set the Mailchimp API key of a connection",
        status=204,
        body=ApiKey,
        asks_mailchimp=True,
    ),
    "authorize_connection": About(
        "Begin to sign in with Mailchimp", answer=answers.AuthorizeUrl, problems=(409,)
    ),
    "oauth_callback": About(
        "Where Mailchimp sends the browser back to",
        query=(("state", _TEXT, False), ("code", _TEXT, False)),
        other_answers=((200, "text/html"), (400, "text/html"), (503, "text/html")),
    ),
    "verify_connection": About(
        "Check the token and the segment storage",
        answer=answers.Verification,
        asks_mailchimp=True,
    ),
    "list_audiences": About(
        "The audiences of a connection's account, with their merge fields",
        answer=answers.AudienceList,
        problems=(403,),
        asks_mailchimp=True,
    ),
    "list_segments": About(
        "The newest snapshot of every segment in a source folder",
        answer=answers.SegmentList,
        query=(("container", _TEXT, False), ("folder", _TEXT, True)),
    ),
    "list_exports": About("All exports", answer=answers.ExportList),
    "get_export": About(
        "One export", answer=answers.ExportView, etag=True, other_answers=((304, ""),)
    ),
    "put_export": About(
        "Create or replace an export; nothing is run",
        answer=answers.ExportView,
        body=Export,
        etag=True,
        conditional=True,
        problems=(403,),
        asks_mailchimp=True,
        other_answers=((201, "same"),),
    ),
    "delete_export": About(
        "Remove an export and cancel its run", status=204, conditional=True, problems=(403,)
    ),
    "duplicate_export": About(
        "Copy an export",
        status=201,
        answer=answers.ExportView,
        body=NewName,
        etag=True,
        problems=(403, 409),
    ),
    "detach_export": About(
        "Keep an export without its connection",
        answer=answers.ExportView,
        etag=True,
        conditional=True,
        problems=(403,),
    ),
    "start_run": About(
        "Run an export",
        status=202,
        answer=answers.RunView,
        body=RunOptions,
        body_required=False,
        problems=(403, 409),
    ),
    "start_all_runs": About(
        "Run every export with an active schedule", status=202, answer=answers.RunList
    ),
    "list_runs": About(
        "The runs of an export, newest first",
        answer=answers.RunList,
        query=(("status", _STATUS, False), ("before", _TEXT, False), ("limit", _LIMIT, False)),
    ),
    "get_run": About("One run", answer=answers.RunView),
    "cancel_run": About("Cancel a run", status=202, answer=answers.RunView, problems=(403, 409)),
    "get_outcomes": About(
        "What happened to each contact",
        query=(("code", _CODE, False),),
        problems=(409, 410),
        other_answers=((200, "text/csv"), (307, "")),
    ),
    "erase_person": About(
        "Erase one person and keep them out",
        answer=answers.ErasureView,
        body=Erasure,
        problems=(409,),
    ),
    "get_health": About(
        "Whether the app can do its work",
        answer=answers.Health,
        other_answers=((503, "same"),),
    ),
    "get_openapi": About("This document", answer=None, other_answers=((200, "application/json"),)),
}
