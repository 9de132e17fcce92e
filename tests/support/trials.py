"""Calls of trials: how an account treats a status is found out with a contact of its own."""

import hashlib
from collections.abc import Iterable

from local.mailchimp.records import CallRecord

_MARK = "+segment-export-"


def is_of_trial(address: str) -> bool:
    """Return whether a trial made this address."""
    return _MARK in address


def without_trials(calls: Iterable[CallRecord]) -> list[CallRecord]:
    """Leave out the calls about contacts that a trial made."""
    made = list(calls)
    addresses = {address for call in made for address in _addresses(call) if is_of_trial(address)}
    hashes = {
        hashlib.md5(address.encode(), usedforsecurity=False).hexdigest() for address in addresses
    }
    return [
        call
        for call in made
        if addresses.isdisjoint(_addresses(call)) and hashes.isdisjoint(call.path.split("/"))
    ]


def _addresses(call: CallRecord) -> list[str]:
    if not isinstance(call.body, dict):
        return []
    members = [call.body, *call.body.get("members", ())]
    return [member["email_address"] for member in members if "email_address" in member]
