"""Finds out, once per account and token, how contacts that exist may be updated."""

from contextlib import suppress
from dataclasses import replace

from shared.accounts.updates import (
    SWITCHED_OFF,
    Traces,
    Updates,
    begun,
    fingerprint,
    load_updates,
    save_updates,
)
from shared.app import App
from shared.mailchimp.answers import Account
from shared.mailchimp.errors import RefusedError
from shared.mailchimp.trial import (
    NoVerdictError,
    ProvedWay,
    TrialCalls,
    Verdict,
    clear,
    make_trial,
    new_mark,
    trial_addresses,
)
from shared.platform import log
from shared.platform.clock import to_text, utc_now

_WAYS: tuple[ProvedWay, ...] = ("status_if_new", "no_status")


def known_updates(app: App, account: str) -> Updates:
    """Return how an account's contacts are updated, as far as that is known."""
    return load_updates(app.blobs, account) if app.settings.mailchimp_trial else SWITCHED_OFF


def settle_updates(app: App, account: str, audience: str, client: TrialCalls) -> Updates:
    """Return how an account's contacts are updated; make the trial in an audience where it is due.

    Whoever calls it holds a slot. Raises MailchimpError where Mailchimp can't be asked at all.
    """
    known = known_updates(app, account)
    token = fingerprint(client.token.secret)
    if not app.settings.mailchimp_trial or not known.wants_trial(token):
        return known
    owner = client.account()
    _clear_traces(client, owner, known)
    known = begun(known, token)
    save_updates(app.blobs, account, known)
    try:
        verdict = _verdict(app, owner, audience, client, known)
    except (NoVerdictError, RefusedError) as error:
        log.event("trial_without_verdict", account=account, reason=type(error).__name__)
        known = replace(known, way="one_by_one", reason="no_verdict")
    else:
        known = replace(_judged(verdict), token=token)
        log.event("trial_made", account=account, way=known.way, archived_is=known.archived_is)
    save_updates(app.blobs, account, known)
    return known


def _clear_traces(client: TrialCalls, owner: Account, known: Updates) -> None:
    """Archive what a trial has left that broke off."""
    for traces in known.traces:
        with suppress(NoVerdictError, RefusedError):
            clear(client, traces.audience, trial_addresses(owner, traces.mark))


def _verdict(
    app: App, owner: Account, audience: str, client: TrialCalls, known: Updates
) -> Verdict:
    """Try the ways one after the other; each with a contact of its own, noted first."""
    for way in _WAYS:
        mark = new_mark()
        addresses = trial_addresses(owner, mark)
        # First: a trial that breaks off is cleared up by the next one.
        noted = replace(known, traces=(Traces(audience, mark),))
        save_updates(app.blobs, owner.account_id, noted)
        verdict = make_trial(client, audience, way, addresses)
        if verdict is not None:
            return verdict
    return Verdict(None)


def _judged(verdict: Verdict) -> Updates:
    now = to_text(utc_now())
    if verdict.way is None:
        return Updates("one_by_one", "no_way_is_safe", proved_at=now)
    reason = "proved" if verdict.way == _WAYS[0] else "status_if_new_is_not_safe"
    return Updates(
        verdict.way,
        reason,
        proved_at=now,
        archived_is=verdict.archived_is,
        source=verdict.source,
        contact_id_stays=verdict.contact_id_stays,
    )
