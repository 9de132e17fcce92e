"""One person's file: what is held, whence it came, what was sent where, under which consent."""

from shared.exports.models import ConsentColumn
from shared.people.asked import Asked
from shared.people.report import Report, report
from tests.services.people.test_explain import write
from tests.support.steps import Steps


def file_of(steps: Steps, email: str | None = None, customer_id: str | None = None) -> Report:
    asked = Asked.of(email, f"{steps.name}-{customer_id}" if customer_id else None)
    return report(steps.app, asked, [steps.export()])


def test_the_file_says_what_is_held_whence_it_came_and_where_it_was_sent(steps: Steps) -> None:
    steps.change(
        consent=ConsentColumn(field="Agreed", values=["yes"]),
        merge_fields={"FNAME": "FirstName"},
        purpose="Newsletter",
    )
    ana = steps.email(1)
    write(steps, 20, ("1", ana), ("2", steps.email(2)))
    run = steps.run()

    for found in (file_of(steps, ana), file_of(steps, customer_id="1")):
        assert (found.addresses, found.customer_ids) == ({ana}, {f"{steps.name}-1"})
        held = {(one.what, one.until) for one in found.held if one.what != "outcome"}
        assert held == {("contact", "export_removed"), ("memory", "audience_unused")}
        [outcome] = [one for one in found.held if one.what == "outcome"]
        assert outcome.where == f"outcomes/{run['id']}"
        assert outcome.since is not None
        assert outcome.until > outcome.since
        [origin] = found.origins
        assert (origin.segment, origin.snapshot) == ("VIP", "2026/11/20/0600")
        assert origin.columns == ("CustomerId", "Email", "FirstName", "Agreed")
        [sent] = found.sent_to
        assert (sent.audience_id, sent.purpose, sent.legal_basis) == (
            steps.audience,
            "Newsletter",
            "not_stated",
        )
        assert (sent.status, sent.tags, sent.values) == ("subscribed", ("VIP",), {"FNAME": "Ana"})
        assert sent.account
        assert sent.first is not None
        assert sent.last is not None
        [consent] = found.consents
        assert (consent.column, consent.answer) == ("Agreed", "given")
        assert (found.erased, found.left_out, found.next) == (False, [], None)


def test_of_somebody_whom_nobody_knows_nothing_is_held(steps: Steps) -> None:
    write(steps, 20, ("1", steps.email(1)))
    steps.run()

    found = file_of(steps, "nobody@contoso.com")

    assert (found.held, found.origins, found.sent_to, found.consents) == ([], [], [], [])


def test_what_there_was_no_time_for_is_named_and_the_next_question_has_it(steps: Steps) -> None:
    ana = steps.email(1)
    write(steps, 20, ("1", ana))
    steps.run()
    steps.run()
    asked = Asked.of(ana, None)
    hurried = report(steps.app, asked, [steps.export()], seconds=(0, 0))
    assert hurried.next is not None
    assert [part.code for part in hurried.left_out] == ["time"] * len(hurried.left_out)

    found = list(hurried.held)
    after = hurried
    while after.next is not None:
        after = report(steps.app, asked, [steps.export()], after.next, seconds=(0, 0))
        found += after.held

    whole = file_of(steps, ana)
    assert {one.where for one in found} == {one.where for one in whole.held}
