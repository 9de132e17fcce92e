"""Everything about the simulator's behaviour that a test may change while it runs."""

from dataclasses import dataclass, fields
from typing import Literal, Self, get_args, get_origin, get_type_hints

# Reserved for documentation and tests by RFC 2606; Mailchimp calls such addresses fake.
FAKE_DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "example",
    "test",
    "invalid",
    "localhost",
    "fake.com",
)


@dataclass(frozen=True, slots=True)
class Switches:
    """The behaviours in force; the defaults are the proven or, failing that, the harsher ones.

    Times are seconds, sizes are contacts.
    """

    # Connections
    limit: int = 10
    limit_per: Literal["user", "account", "key"] = "user"
    hold_connection_after_disconnect: bool = True

    # Latency from a call's arrival: base + members * per_member, or one fixed figure for every
    # bulk call. It is kept to exactly when the work is done before.
    base_seconds: float = 0.0
    per_member_seconds: float = 0.0
    bulk_seconds: float | None = None
    work_at: Literal["before", "after"] = "after"

    # Calls that take too long
    cutoff_seconds: float = 120.0
    always_timeout_above: int | None = None
    timeout_answer: Literal["504_html", "502_html", "close"] = "504_html"
    timeout_work: Literal["none", "at_once", "at_cutoff", "late"] = "at_cutoff"
    timeout_hold_seconds: float = 0.0

    # Tags
    inline_tags: Literal["applied", "new_only", "late", "ignored"] = "applied"
    inline_tags_late_seconds: float = 1.0
    tags_listed_max: int = 50
    unknown_in_segment: Literal["ignored", "errors"] = "ignored"
    repeated_tag_answer: Literal["listed", "left_out"] = "listed"
    # Whether a saved segment keeps its name from tags.
    segment_names: Literal["apart", "shared"] = "apart"

    # The status of a contact in bulk calls. `refused` answers the whole call with 400,
    # `item_error` each contact by itself.
    status_if_new: Literal["honoured", "ignored", "as_status", "refused", "item_error"] = "honoured"
    omitted_status: Literal["keep", "subscribed", "refused", "item_error"] = "keep"
    answer_status: Literal["current", "sent", "left_out"] = "current"
    compliance: Literal["enforced", "not_after_archiving", "ignored"] = "enforced"

    # Archived contacts: what they count as in a call with status_if_new, in one that may only
    # create, and in one without any status; and what shows when they unsubscribe while archived.
    archived_for_status_if_new: Literal["known", "new"] = "known"
    archived_for_create_only: Literal["known", "new"] = "known"
    archived_for_no_status: Literal["known", "new"] = "known"
    archived_answer: Literal["updated", "new"] = "updated"
    unsubscribed_while_archived: Literal["hidden", "last_changed", "shows"] = "hidden"

    # Somebody who comes back, by whichever way: Mailchimp's times, and where they came from
    times_on_return: Literal["moved", "kept"] = "moved"
    source_on_return: Literal["moved", "kept"] = "moved"
    api_source: str = "API - Generic"

    # Addresses
    answer_casing: Literal["stored", "sent"] = "stored"
    contact_id_on_new_address: Literal["kept", "new"] = "kept"
    idn_stored: Literal["as_sent", "unicode", "ascii"] = "as_sent"

    # Contacts
    bad_merge_values: Literal["error", "dropped_silently"] = "error"
    long_text: Literal["error", "cut"] = "error"
    duplicates: Literal["item_error", "request_error"] = "item_error"
    birthday_input: Literal["month_first", "as_shown"] = "month_first"
    # How many billable contacts an account's plan has room for, and how it says that it hasn't.
    contact_limit: int | None = None
    contact_limit_answer: Literal["item_error", "request_error"] = "item_error"
    contact_limit_sentence: str = "Your account has reached the contact limit of its plan."
    double_optin_enforced: bool = False
    compliance_sentence: str = (
        "{email} is already a list member in compliance state due to unsubscribe, bounce, "
        "or compliance review and cannot be subscribed."
    )
    fake_domains: tuple[str, ...] = FAKE_DOMAINS
    fake_addresses: tuple[str, ...] = ()
    fake_marker: str = "fakeaddress"
    too_many_prefix: str = "toomany"

    # Answers
    stats_stale_seconds: float = 300.0
    account_email: str = "owner@contoso.com"
    filter_post_answers: bool = False
    small_answers: bool = False
    merge_field_limit: int = 30
    record_bodies: bool = False
    clock_offset_seconds: float = 0.0

    # /batches: how long each of the four phases before `finished` lasts
    batch_phase_seconds: float = 0.05
    batch_operation_seconds: float = 0.0

    # Webhooks: whether Mailchimp gives a secret and signs.
    webhook_signing: Literal["signed", "unsigned"] = "signed"

    # OAuth
    oauth_consent: Literal["auto", "page", "deny"] = "auto"
    oauth_api_endpoint: str = "https://{dc}.api.mailchimp.com"

    def changed(self, values: dict[str, object]) -> Self:
        """A copy with these switches set; ValueError for unknown names and variants."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(values.keys() - known):
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        merged: dict[str, object] = {name: getattr(self, name) for name in known}
        for name, value in values.items():
            merged[name] = tuple(value) if isinstance(value, list) else value
        hints = get_type_hints(type(self))
        for name, value in values.items():
            variants = get_args(hints[name]) if get_origin(hints[name]) is Literal else ()
            if variants and value not in variants:
                raise ValueError(f"{name} is one of {', '.join(variants)}")
        return type(self)(**merged)  # type: ignore[arg-type]  # names are checked above
