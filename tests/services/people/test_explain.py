"""People in every situation that leads to a verdict, and again after what would change it."""

from collections.abc import Mapping

from shared.erased import keep_out
from shared.exports.models import ConsentColumn
from shared.people.asked import Asked
from shared.people.explain import Explained, Explanation, Position, explain
from shared.runs.record import RunRequest
from shared.runs.start import start_run
from tests.support.steps import Steps

NEW = ["refresh_segments", "run_export"]


def write(steps: Steps, day: int, *rows: tuple[str, str], segment: str = "VIP") -> None:
    """Write a snapshot of a day: CustomerIds and addresses."""
    lines = "".join(f"{steps.name}-{id_},{email},Ana,yes\n" for id_, email in rows)
    data = f"CustomerId,Email,FirstName,Agreed\n{lines}"
    steps.put(f"{segment}/2026/11/{day}/0600/{segment}_1.csv", data)


def ask(steps: Steps, email: str | None = None, customer_id: str | None = None) -> Explanation:
    asked = Asked.of(email, f"{steps.name}-{customer_id}" if customer_id else None)
    return explain(steps.app, asked, [steps.export()])


def asked(steps: Steps, email: str | None = None, customer_id: str | None = None) -> Explained:
    """What is said of a person in the one export."""
    found = ask(steps, email, customer_id)
    assert found.left_out == []
    [one] = found.exports
    return one


def verdicts(steps: Steps, people: Mapping[str, str]) -> dict[str, str]:
    return {who: asked(steps, email).verdict.code for who, email in people.items()}


def steps_to(one: Explained) -> list[str]:
    return [step.code for step in one.would_change]


def preview(steps: Steps) -> None:
    """Look without sending."""
    run = start_run(steps.app, steps.export(), RunRequest(requested_by="test", preview=True)).id
    steps.plan(run)
    steps.finish(run)


def test_before_the_first_run_nothing_is_known_and_afterwards_it_arrived(steps: Steps) -> None:
    ana = steps.email(1)
    write(steps, 20, ("1", ana))
    never = ask(steps, ana)
    [one] = never.exports
    assert (one.verdict.code, steps_to(one)) == ("never_run", ["run_export"])
    assert never.verdict.code == "unknown_person"

    preview(steps)
    seen = asked(steps, ana)
    assert (seen.verdict.code, steps_to(seen)) == ("waiting_for_run", ["run_export"])
    assert [(s.name, s.snapshot, s.member) for s in seen.facts.segments] == [
        ("VIP", "2026/11/20/0600", True)
    ]
    steps.run()

    for there in (asked(steps, f" {ana.upper()}"), asked(steps, customer_id="1")):
        assert (there.verdict.code, there.would_change) == ("delivered", ())
        [told] = there.facts.told
        assert (told.code, there.facts.status) == ("created", "subscribed")
        assert there.facts.held is not None
        assert (there.facts.held.tags, there.facts.held.created_by_us) == (("VIP",), True)
        assert there.facts.held.made_at > 0
    assert ask(steps, "nobody@contoso.com").verdict.code == "unknown_person"


def test_what_the_profile_lacks_is_told_and_right_once_it_is_corrected(steps: Steps) -> None:
    steps.change(consent=ConsentColumn(field="Agreed", values=["yes"]))
    ana, ivo = steps.email(1), steps.email(2)
    header = "CustomerId,Email,FirstName,Agreed\n"

    def put(day: int, rows: Mapping[str, tuple[str, str]]) -> None:
        lines = (f"{steps.name}-{id_},{email},A,{says}\n" for id_, (email, says) in rows.items())
        steps.put(f"VIP/2026/11/{day}/0600/VIP_1.csv", header + "".join(lines))

    put(
        20,
        {
            "1": ("", "yes"),
            "2": ("ivo at home", "yes"),
            "3": (ana, "no"),
            "4": (ivo, ""),
            "5": (ivo, "yes"),
        },
    )
    steps.run()

    found = {id_: asked(steps, customer_id=id_) for id_ in "12345"}
    assert {id_: one.verdict.code for id_, one in found.items()} == {
        "1": "no_email",
        "2": "invalid_email",
        "3": "no_consent",
        "4": "no_consent",
        "5": "delivered",
    }
    assert found["1"].verdict.params == {"column": "Email"}
    assert steps_to(found["3"]) == ["give_consent", *NEW]
    assert [p.consent for p in found["4"].facts.profiles] == ["blank", "given"]
    assert asked(steps, ivo).verdict.code == "delivered"

    put(
        21,
        {
            "1": (steps.email(11), "yes"),
            "2": (steps.email(12), "yes"),
            "3": (ana, "yes"),
            "5": (ivo, "no"),
        },
    )
    assert asked(steps, customer_id="3").facts.snapshot_newer
    steps.run()
    assert {id_: asked(steps, customer_id=id_).verdict.code for id_ in "1235"} == {
        "1": "delivered",
        "2": "delivered",
        "3": "delivered",
        "5": "consent_withdrawn",
    }


def test_of_two_profiles_with_one_address_one_counts(steps: Steps) -> None:
    steps.change(segments=["VIP", "Readers"])
    ana = steps.email(1)
    write(steps, 20, ("1", ana))
    write(steps, 20, ("2", ana), ("3", steps.email(3)), segment="Readers")
    steps.run()

    double = asked(steps, customer_id="2")
    assert (double.verdict.code, steps_to(double)) == ("duplicate", ["give_own_address", *NEW])
    profiles = [(p.customer_id, p.segment, p.counts) for p in asked(steps, ana).facts.profiles]
    assert profiles == [(f"{steps.name}-1", "VIP", True), (f"{steps.name}-2", "Readers", False)]
    assert asked(steps, ana).verdict.code == "delivered"

    write(steps, 21, ("1", ana))
    write(steps, 21, ("2", steps.email(2)), ("3", steps.email(3)), segment="Readers")
    steps.run()
    assert asked(steps, customer_id="2").verdict.code == "delivered"


def test_what_people_and_mailchimp_did_to_a_contact_is_told(steps: Steps) -> None:
    names = ["there", "unsubscribed", "cleaned", "archived", "deleted", "untagged"]
    people = {name: steps.email(number) for number, name in enumerate(names, 1)}
    write(steps, 20, *((name, email) for name, email in people.items()))
    steps.mailchimp.put_contacts(
        steps.audience,
        [
            {"email": people["unsubscribed"], "status": "unsubscribed"},
            {"email": people["cleaned"], "status": "cleaned"},
            {"email": people["archived"], "status": "archived"},
        ],
    )
    steps.run()
    assert verdicts(steps, people) == {
        "there": "delivered",
        "unsubscribed": "unsubscribed",
        "cleaned": "cleaned",
        "archived": "archived_by_others",
        "deleted": "delivered",
        "untagged": "delivered",
    }
    steps.mailchimp.remove_tag(steps.audience, people["untagged"], "VIP")
    steps.mailchimp.forget(steps.audience, people["deleted"])

    assert verdicts(steps, people)["untagged"] == "removed_by_hand"
    missing = asked(steps, people["deleted"])
    assert (missing.verdict.code, missing.verdict.params) == (
        "removed_by_hand",
        {"what": "contact"},
    )
    steps.mailchimp.unsubscribe_by_self(steps.audience, [people["there"]])
    assert asked(steps, people["there"]).verdict.code == "unsubscribed"


def test_leavers_are_told_how_they_left_and_come_back(steps: Steps) -> None:
    def put(day: int, *numbers: int) -> None:
        write(steps, day, *((str(number), steps.email(number)) for number in numbers))

    put(20, 0, 1, 2, 3)
    steps.run()
    put(21, 4, 1, 2, 3)
    preview(steps)
    assert asked(steps, steps.email(0)).verdict.code == "waiting_for_run"
    steps.run()

    left = asked(steps, steps.email(0))
    assert (left.verdict.code, steps_to(left)) == ("left", ["add_to_segment", *NEW])
    assert left.facts.held is None
    assert asked(steps, customer_id="0").verdict.code == "left"

    steps.change(leavers="archive")
    put(22, 4, 5, 2, 3)
    steps.run()
    assert asked(steps, steps.email(1)).verdict.code == "archived_as_leaver"

    put(23, 0, 7, 8, 9)
    assert steps.run()["error"]["code"] == "removals_withheld"
    withheld = asked(steps, steps.email(2))
    assert (withheld.verdict.code, steps_to(withheld)) == ("removal_withheld", ["allow_removals"])
    run = start_run(steps.app, steps.export(), RunRequest(requested_by="t", allow_removals=True)).id
    steps.plan(run)
    steps.lane()
    steps.finish(run)
    assert asked(steps, steps.email(2)).verdict.code == "archived_as_leaver"
    assert asked(steps, steps.email(0)).verdict.code == "delivered"


def test_who_has_another_address_by_now_is_told_to_be_asked_about_under_that(
    steps: Steps,
) -> None:
    write(steps, 20, ("1", steps.email(1)), ("2", steps.email(2)))
    steps.run()
    write(steps, 21, ("1", steps.email(11)), ("2", steps.email(2)))
    steps.run()

    old = asked(steps, steps.email(1))
    assert (old.verdict.code, steps_to(old)) == ("address_changed", ["ask_new_address"])
    assert asked(steps, steps.email(11)).verdict.code == "delivered"
    assert asked(steps, customer_id="1").verdict.code == "delivered"


def test_who_was_erased_stays_so(steps: Steps) -> None:
    write(steps, 20, ("1", steps.email(1)), ("2", steps.email(2)))
    steps.run()
    app = steps.app
    keep_out(app.blobs, app.vault, app.leases, [steps.email(1)], [f"{steps.name}-1"])

    for one in (asked(steps, steps.email(1)), asked(steps, customer_id="1")):
        assert (one.verdict.code, one.would_change) == ("erased", ())
    assert asked(steps, steps.email(2)).verdict.code == "delivered"


def test_where_the_snapshot_is_gone_the_run_says_who_was_in_which_segment(steps: Steps) -> None:
    write(steps, 20, ("1", steps.email(1)))
    steps.run()
    for name in steps.files():
        steps.segments.delete_blob(f"{steps.folder}/{name}")
    found = ask(steps, steps.email(1))

    assert [(part.what, part.code) for part in found.left_out] == [("segment", "snapshot_gone")]
    [one] = found.exports
    assert (one.verdict.code, one.facts.segments[0].member) == ("delivered", True)
    assert found.next is None


def test_without_time_the_answer_says_what_it_lacks_and_goes_on_there(steps: Steps) -> None:
    other = steps.beside("-b")
    write(steps, 20, ("1", steps.email(1)))
    steps.run()
    other.run()
    exports = [steps.export(), other.export()]
    who = Asked.of(steps.email(1), None)
    seen: list[str] = []
    position: Position | None = None
    for _ in range(6):
        found = explain(steps.app, who, exports, position, seconds=0)
        seen += [one.export for one in found.exports]
        position = found.next
        if position is None:
            break
        assert found.left_out

    assert position is None
    assert set(seen) == {steps.name, other.export_name}
    last = found.exports[-1]
    assert (last.export, last.verdict.code) == (other.export_name, "delivered")


def test_whom_a_filter_leaves_out_arrives_once_it_lets_them_through(steps: Steps) -> None:
    write(steps, 20, ("1", steps.email(1)))
    steps.change(filter={"all": [{"field": "FirstName", "op": "in", "values": ["Ivo"]}]})
    steps.run()
    out = asked(steps, steps.email(1))
    assert (out.verdict.code, steps_to(out)) == ("filtered", ["match_filter", *NEW])
    assert [segment.member for segment in out.facts.segments] == [True]

    steps.change(filter={"all": [{"field": "FirstName", "op": "in", "values": ["Ana"]}]})
    assert steps_to(asked(steps, steps.email(1)))[0] == "run_export"
    steps.run()
    assert asked(steps, steps.email(1)).verdict.code == "delivered"


def test_whom_the_growth_limit_holds_back_arrives_once_additions_are_allowed(
    steps: Steps,
) -> None:
    write(steps, 20, ("1", steps.email(1)))
    steps.change(growth_limit={"contacts": 0})
    steps.run()
    told = asked(steps, steps.email(1))
    assert (told.verdict.code, steps_to(told)) == ("addition_withheld", ["allow_additions"])

    allowed = RunRequest(requested_by="test", allow_additions=True)
    run = start_run(steps.app, steps.export(), allowed).id
    steps.plan(run)
    steps.lane()
    steps.finish(run)

    assert asked(steps, steps.email(1)).verdict.code == "delivered"
