"""Every code that people are told by, with the names of its params, as OpenAPI lists them.

Codes are stable: one that is here may get further params, and loses none. What 0.1.0 has stored has
none. The console has a text for each in every language.
"""

from collections.abc import Mapping

from shared.drift.items import PARAMS as DRIFT_PARAMS
from shared.proof.record import CODES as PROOF_REASONS
from shared.proof.record import WHATS

type Codes = Mapping[str, tuple[str, ...]]

_FILE = ("segment", "file", "line", "row", "column")

# The member `error` of runs, and of exports that can't be read.
ERRORS: Codes = {
    "abandoned": (),
    "additions_withheld": ("count", "limit"),
    "audience_not_found": ("said",),
    "column_missing": ("segment", "file", "columns"),
    "connection_missing": (),
    "connection_not_ready": (),
    "connection_removed": (),
    "consent_withdrawn": (),
    "document_damaged": ("name",),
    "internal_error": ("said",),
    "mailchimp_denied": ("said",),
    "mailchimp_method_disabled": ("said",),
    "mailchimp_unauthorized": ("said",),
    "removals_withheld": (),
    "secret_unreadable": (),
    "segment_not_found": ("segment", "folder"),
    "segment_storage_unreadable": (),
    "snapshot_empty": (),
    "snapshot_gone": ("segment", "snapshot"),
    "snapshot_incomplete": ("segments",),
    "snapshot_unreadable": _FILE,
    "stalled": (),
    "too_many_contacts": (),
    "unknown_form": ("name",),
    "verification_outdated": (),
    "withdrawals_withheld": (),
}
# `warnings` of exports and runs.
WARNINGS: Codes = {
    "additions_withheld": ("count", "limit"),
    "connection_not_ready": ("connection",),
    "customer_id_missing": ("segments",),
    "double_optin_bypassed": (),
    "drift_found": ("count",),
    "folder_in_future": ("segment", "folder"),
    "input_stale": ("segment", "age_hours"),
    "ledger_restarted": (),
    "marketing_permissions_unchecked": (),
    "marketing_permissions_unset": (),
    "merge_field_missing": ("tag",),
    "merge_field_renamed": ("given", "found"),
    "merge_field_required": ("fields",),
    "merge_field_shared": ("export", "tags"),
    "merge_fields_above_limit": ("existing", "wanted", "limit"),
    "permission_kept": ("count",),
    "predecessor_missing": ("export",),
    "predecessor_not_done": ("export", "run", "status"),
    "removals_waiting": ("segment", "export", "age_hours", "count"),
    "role_may_not_write": ("role",),
    "rows_differ": ("segment", "count"),
    "schedules_close": ("export",),
    "snapshot_model_ignored": ("segment",),
    "snapshot_older": ("segment", "snapshot", "exported"),
    "tag_holders_without_export": ("tag", "count"),
    "tag_renamed": ("given", "found"),
    "updates_one_by_one": ("reason",),
    "values_cut": ("field", "count"),
    "values_dropped": ("field", "reason", "count", "examples"),
    "withdrawals_withheld": (),
}
# `waiting` of runs and exports.
WAITING: Codes = {
    "audience": (),
    "input": (),
    "mailchimp": (),
    "predecessor": ("export",),
    "refresh": (),
    "retry": (),
    "segment_storage": (),
    "slot": (),
    "turn": (),
    "vault": (),
}
# `errors` of a refused body, and of validate.
FIELDS: Codes = {
    "audience_not_found": (),
    "column_ambiguous": ("column", "segments"),
    "column_missing": ("column", "segments"),
    "connection_broken": (),
    "connection_missing": (),
    "connection_needs_confirmation": (),
    "connection_needs_consent": (),
    "connection_needs_token": (),
    "connection_not_found": (),
    "connection_not_ready": (),
    "consent_in_file": (),
    "container_unreadable": (),
    "data_center_unknown": ("data_center",),
    "document_damaged": (),
    "duplicate_name": (),
    "duplicate_tag": (),
    "export_not_found": ("export",),
    "invalid_type": (),
    "invalid_value": (),
    "mailchimp_denied": ("said",),
    "mailchimp_method_disabled": ("said",),
    "mailchimp_refused": ("said",),
    "mailchimp_unauthorized": ("said",),
    "malformed": ("pattern",),
    "interest_unknown": ("interest",),
    "permission_unknown": ("permission",),
    "merge_field_missing": ("tag",),
    "merge_field_type_differs": ("tag", "declared", "found"),
    "merge_field_unusable": ("tag",),
    "name_differs": (),
    "named_twice": (),
    "not_a_choice": ("allowed", "expected"),
    "not_current": (),
    "not_shared": (),
    "out_of_range": ("lowest", "ge", "le", "gt", "lt"),
    "required": (),
    "schedule_circle": ("export",),
    "secret_unreadable": (),
    "segment_not_found": ("segment", "folder"),
    "snapshot_unreadable": ("segment",),
    "tag_name_taken": ("tag",),
    "tag_not_ours": ("tag",),
    "too_long": ("max_length",),
    "too_short": ("min_length",),
    "unknown_field": (),
    "value_unreadable": (),
}
# Whole answers that are problems.
PROBLEMS: Codes = {
    "already_done": (),
    "app_misconfigured": (),
    "address_in_use": (),
    "audience_not_found": ("said",),
    "body_too_large": (),
    "configuration_changed": (),
    "connection_in_use": (),
    "connection_missing": (),
    "connection_not_ready": (),
    "consent_withdrawn": (),
    "cross_site": (),
    "export_exists": (),
    "forbidden": ("role",),
    "internal_error": (),
    "live_check_active": (),
    "mailchimp_busy": (),
    "mailchimp_denied": ("said",),
    "mailchimp_method_disabled": ("said",),
    "mailchimp_refused": ("said",),
    "mailchimp_unauthorized": ("said",),
    "mailchimp_unavailable": (),
    "not_a_test_audience": ("export", "contacts"),
    "not_awaited": (),
    "not_found": (),
    "not_offered": (),
    "not_shared": (),
    "not_signed_in": (),
    "not_stuck": (),
    "oauth_not_configured": (),
    "outcomes_gone": (),
    "precondition_failed": (),
    "run_active": (),
    "run_ended": (),
    "run_not_ended": (),
    "signing_keys_unavailable": (),
    "unknown_form": (),
    "vault_refused": (),
    "verification_active": (),
    "verification_missing": (),
    "verification_outdated": (),
}
# Members of `may` that are not true.
MAY: Codes = {"connection_missing": (), "needs_contributor": (), "not_shared": ()}
# Wrong settings, of health/details.
SETTINGS: Codes = {
    "missing": (),
    "tick_missing": (),
    "tick_never_fires": (),
    "tick_schedule_invalid": (),
}

# The verdicts on a person, of explain, the worst first; and what would change one.
VERDICTS: Codes = {
    "unknown_person": (),
    "erased": (),
    "never_run": (),
    "not_in_segments": (),
    "no_email": ("column",),
    "invalid_email": ("column",),
    "filtered": (),
    "no_consent": ("column",),
    "consent_withdrawn": ("column",),
    "duplicate": (),
    "unsubscribed": (),
    "cleaned": (),
    "pending": (),
    "transactional": (),
    "archived_by_others": (),
    "forgotten": ("run",),
    "compliance": ("run",),
    "fake": ("column",),
    "too_many_signups": ("run",),
    "value_refused": ("run",),
    "refused_otherwise": ("run",),
    "failed": ("run",),
    "addition_withheld": ("run",),
    "removal_withheld": ("run",),
    "removal_due": (),
    "left": ("run",),
    "archived_as_leaver": ("run",),
    "unsubscribed_as_leaver": ("run",),
    "removed_by_hand": ("what",),
    "address_changed": (),
    "waiting_for_run": (),
    "delivered": (),
}
STEPS: Codes = {
    "add_to_segment": (),
    "allow_additions": (),
    "allow_removals": (),
    "ask_new_address": (),
    "confirm_subscription": (),
    "correct_address": ("column",),
    "correct_value": (),
    "give_consent": ("column",),
    "give_own_address": ("column",),
    "match_filter": (),
    "refresh_segments": (),
    "restore_in_mailchimp": (),
    "run_export": (),
    "run_in_full": (),
    "subscribe_by_themselves": (),
    "wait_until": ("at",),
}
# Why explain left something out.
LEFT_OUT: Codes = {
    "mailchimp_busy": (),
    "mailchimp_unavailable": (),
    "snapshot_gone": (),
    "snapshot_unreadable": (),
    "time": (),
}

# What of a contact a verification has found to be otherwise than promised, and why.
PROOF_WHATS: Codes = dict.fromkeys(WHATS, ())
PROOF_CODES: Codes = dict.fromkeys(PROOF_REASONS, ())
# What people changed by hand.
DRIFT: Codes = {code: tuple(params) for code, params in DRIFT_PARAMS.items()}

KINDS: Mapping[str, Codes] = {
    "error": ERRORS,
    "warning": WARNINGS,
    "waiting": WAITING,
    "field": FIELDS,
    "problem": PROBLEMS,
    "why": MAY,
    "setting": SETTINGS,
    "verdict": VERDICTS,
    "step": STEPS,
    "left_out": LEFT_OUT,
    "proof_what": PROOF_WHATS,
    "proof_code": PROOF_CODES,
    "drift": DRIFT,
}


def described() -> dict[str, dict[str, list[str]]]:
    """Return all kinds as they stand in the OpenAPI document."""
    return {
        kind: {code: list(params) for code, params in codes.items()}
        for kind, codes in KINDS.items()
    }
