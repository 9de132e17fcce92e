"""What the routes of connections answer."""

from typing import Literal

from shared.exports.connection_models import BlockPrice
from shared.http.answers.common import Answer, Moment, Params
from shared.http.answers.live_check import LiveCheckView

Share = Literal["administrators", "contributors"]


class StoredConsent(Answer):
    """Who agreed to which version of the terms, and who took it back."""

    accepted: bool
    accepted_by: str | None = None
    accepted_at: Moment | None = None
    terms_version: str | None = None
    terms_language: str | None = None
    withdrawn_by: str | None = None
    withdrawn_at: Moment | None = None


class UpdatesView(Answer):
    """In which way contacts that exist are updated without their status being written, and why."""

    way: Literal["status_if_new", "no_status", "one_by_one"]
    reason: str
    proved_at: Moment | None
    archived_is: Literal["known", "new"] | None
    window_seconds: int


class WebhookState(Answer):
    """Whether Mailchimp tells of who leaves an audience, and when it last told of anything."""

    audience_id: str
    state: Literal["on", "off", "unreachable", "unsigned"]
    last_event_at: Moment | None


class AwaitedAccount(Answer):
    """Another account than before, which an administrator has to confirm."""

    account_id: str
    account_name: str | None


class ConnectionView(Answer):
    """A connection as administrators see it."""

    name: str
    display_name: str
    type: Literal["mailchimp"]
    shared_with: Share
    secret_name: str
    consent: StoredConsent
    webhooks: bool
    exclusive_user: bool
    plan_size: int | None
    block_size: int | None
    block_price: BlockPrice | None
    status: Literal["ready", "needs_consent", "needs_token", "needs_confirmation", "broken"]
    account_id: str | None
    account_name: str | None
    data_center: str | None
    awaiting: AwaitedAccount | None
    updates: UpdatesView
    webhook_state: list[WebhookState]
    live_check: LiveCheckView | None
    created_by: str
    created_at: Moment
    updated_by: str
    updated_at: Moment


class SharedConnection(Answer):
    """A connection as those see it whom it is shared with."""

    name: str
    display_name: str
    type: Literal["mailchimp"]


class ConnectionList(Answer):
    """The connections that the caller may know of."""

    items: list[ConnectionView | SharedConnection]


class AuthorizeUrl(Answer):
    """Where an administrator signs in with Mailchimp."""

    authorize_url: str


class MailchimpCheck(Answer):
    """Whether Mailchimp takes the token."""

    ok: bool
    account_name: str | None
    role: str | None
    data_center: str | None
    code: str | None
    params: Params
    detail: str | None


class StorageCheck(Answer):
    """Whether the app's identity can read the segments."""

    ok: bool
    code: str | None
    params: Params
    detail: str | None


class Verification(Answer):
    """The two results of verifying a connection."""

    mailchimp: MailchimpCheck
    segment_storage: StorageCheck


class MergeFieldView(Answer):
    """A merge field of an audience."""

    tag: str
    name: str
    type: str
    required: bool


class AudienceView(Answer):
    """An audience; `contacts` may be some minutes old."""

    id: str
    name: str
    contacts: int
    double_optin: bool
    merge_fields: list[MergeFieldView]


class AudienceList(Answer):
    """The audiences of a connection's account."""

    items: list[AudienceView]
