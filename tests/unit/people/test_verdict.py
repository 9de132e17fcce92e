"""From what is known of a person to a verdict: every one that can be given, and the worst."""

from dataclasses import replace
from typing import Any

import pytest

from shared.people.facts import Facts, Held, Profile, Segment, Told
from shared.people.verdict import ORDER, judge, steps_of, worst

IN, OUT = (Segment("VIP", "2026/11/22/0600", True),), (Segment("VIP", "2026/11/22/0600", False),)
PROFILE = Profile("c1", "ana@contoso.com", "VIP", None, None)
TOLD = Told("weekly-20261122T061500Z-7f3a", "2026-11-22T06:16:00.000Z", "created", "")
HELD = Held(
    email="ana@contoso.com",
    customer_id="c1",
    tags=("VIP",),
    tag_ids=frozenset({7}),
    made_at=1_800_000_000,
    created_by_us=True,
    accepted=True,
    due=False,
    archived=False,
    consented=False,
    refusal=None,
    retry_at=0,
)


def facts(**changes: Any) -> Facts:
    """A contact that arrived, but for what is changed."""
    there = Facts(
        looked=True,
        address="ana@contoso.com",
        profiles=(PROFILE,),
        segments=IN,
        held=HELD,
        told=(replace(TOLD, segments=("VIP",)),),
        status="subscribed",
        tag_ids=frozenset({7, 8}),
        columns={"email": "Email", "consent": "Agreed"},
    )
    return replace(there, **changes)


def told(code: str, reason: str | None = None, *, leaver: bool = False) -> tuple[Told, ...]:
    """What the newest run says."""
    return (replace(TOLD, code=code, reason=reason, segments=() if leaver else ("VIP",)),)


def kept_out(code: str, consent: Any = None) -> dict[str, Any]:
    """A profile that a run does not send."""
    return {"profiles": (replace(PROFILE, code=code, consent=consent),)}


def gone(**changes: Any) -> dict[str, Any]:
    """Somebody whom no segment has."""
    return {"profiles": (), "segments": OUT, **changes}


CASES = [
    ("delivered", {}),
    ("delivered", {"told": told("unchanged")}),
    ("delivered", {"told": (), "status": "unknown", "tag_ids": None}),
    ("erased", {"erased": True, "status": "missing"}),
    ("never_run", {"looked": False, "segments": (), "profiles": (), "held": None, "told": ()}),
    ("not_in_segments", gone(held=None, told=(), status="missing")),
    ("not_in_segments", gone(held=None, told=told("skipped_no_consent"), status="missing")),
    ("no_email", kept_out("skipped_no_email")),
    ("invalid_email", kept_out("skipped_invalid_email")),
    ("filtered", kept_out("skipped_filtered")),
    ("no_consent", kept_out("skipped_no_consent", "refused")),
    (
        "no_consent",
        kept_out("skipped_no_consent", "blank") | {"held": replace(HELD, consented=True)},
    ),
    (
        "consent_withdrawn",
        kept_out("skipped_no_consent", "refused") | {"held": replace(HELD, consented=True)},
    ),
    (
        "consent_withdrawn",
        kept_out("skipped_no_consent", "refused")
        | {"held": None, "told": told("untagged", "consent_withdrawn")},
    ),
    ("duplicate", kept_out("skipped_duplicate") | {"asked_id": "c1"}),
    ("unsubscribed", {"status": "unsubscribed"}),
    ("unsubscribed", {"status": "unknown", "told": told("skipped_unsubscribed")}),
    ("cleaned", {"status": "cleaned"}),
    ("pending", {"status": "pending"}),
    ("transactional", {"status": "transactional"}),
    ("archived_by_others", {"status": "archived"}),
    (
        "archived_by_others",
        {
            "status": "archived",
            "held": replace(HELD, archived=True),
            "told": told("skipped_archived"),
        },
    ),
    ("waiting_for_run", {"status": "archived", "held": replace(HELD, archived=True)}),
    ("waiting_for_run", {"status": "archived", "told": told("archived", leaver=True)}),
    (
        "unsubscribed_as_leaver",
        {"status": "unsubscribed", "told": told("unsubscribed", leaver=True)},
    ),
    ("forgotten", {"told": told("rejected_forgotten"), "held": None, "status": "missing"}),
    ("compliance", {"told": told("rejected_compliance"), "held": None, "status": "missing"}),
    ("fake", {"told": told("rejected_fake"), "held": None, "status": "missing"}),
    ("too_many_signups", {"told": told("rejected_too_many_signups"), "held": None}),
    ("value_refused", {"told": told("rejected_merge_field")}),
    ("refused_otherwise", {"told": told("rejected_other")}),
    (
        "refused_otherwise",
        {"told": (), "held": replace(HELD, accepted=False, refusal="rejected_other")},
    ),
    ("failed", {"told": told("failed")}),
    ("addition_withheld", {"told": told("skipped_growth_limit"), "held": None}),
    ("removal_withheld", gone(told=told("unchanged", "removal_withheld", leaver=True))),
    ("removal_due", gone(held=replace(HELD, due=True), told=told("untagged", leaver=True))),
    ("left", gone(held=None, told=told("untagged", leaver=True))),
    ("left", gone(told=told("created"))),
    ("archived_as_leaver", gone(told=told("archived", leaver=True), status="archived")),
    ("unsubscribed_as_leaver", gone(told=told("unsubscribed", leaver=True))),
    ("removed_by_hand", {"status": "missing", "tag_ids": None}),
    ("removed_by_hand", {"tag_ids": frozenset({8})}),
    ("address_changed", gone(elsewhere=True)),
    ("waiting_for_run", gone(ahead=True)),
    ("waiting_for_run", {"held": None, "told": (), "status": "missing", "ahead": True}),
    ("waiting_for_run", {"held": None, "told": told("skipped_unsubscribed")}),
]


@pytest.mark.parametrize(("verdict", "changes"), CASES)
def test_what_is_known_gives_the_verdict(verdict: str, changes: dict[str, Any]) -> None:
    known = facts(**changes)
    found = judge(known)

    assert found.code == verdict
    assert bool(steps_of(found, known)) == (verdict not in ("delivered", "erased"))


def test_every_verdict_is_given_by_something() -> None:
    assert {verdict for verdict, _ in CASES} | {"unknown_person"} == set(ORDER)


def test_another_profile_of_the_address_is_not_what_was_asked_about() -> None:
    counting = replace(PROFILE, customer_id="c0")
    double = replace(PROFILE, code="skipped_duplicate")

    assert judge(facts(profiles=(counting, double), asked_id="c1")).code == "duplicate"
    assert judge(facts(profiles=(counting, double), asked_id="c0")).code == "delivered"
    assert judge(facts(profiles=(counting, double))).code == "delivered"


def test_something_newer_is_to_be_looked_at_first() -> None:
    known = facts(**gone(held=None, told=()), snapshot_newer=True)
    codes = [step.code for step in steps_of(judge(known), known)]

    assert codes == ["run_export", "add_to_segment", "refresh_segments", "run_export"]


def test_the_worst_of_the_exports_that_know_the_person_is_the_verdict() -> None:
    arrived, unsubscribed = facts(), facts(status="unsubscribed")
    stranger = facts(**gone(held=None, told=(), status="missing"))

    def verdict(*known: Facts) -> str:
        return worst((one, judge(one)) for one in known).code

    assert verdict(arrived, unsubscribed, stranger) == "unsubscribed"
    assert verdict(arrived, stranger) == "delivered"
    assert verdict(stranger, facts(**gone(held=None, told=told("untagged", leaver=True)))) == (
        "not_in_segments"
    )
    assert verdict(stranger) == "unknown_person"
    assert verdict() == "unknown_person"
