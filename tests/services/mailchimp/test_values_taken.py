"""What the conversion of values lets through is what Mailchimp takes."""

import polars as pl

from shared.mailchimp.merge_fields import FieldPlan
from shared.mailchimp.values import convert_values
from tests.services.mailchimp.conftest import Mailchimp
from tests.unit.mailchimp.test_values import DAY_FIRST, TYPES


def test_mailchimp_takes_what_comes_out(mailchimp: Mailchimp) -> None:
    kinds = [kind for kind in TYPES if kind[0] != "something new" and kind[1] is not DAY_FIRST]
    raw = [
        "1,234.5",
        "1971-09-29T00:00:00Z",
        "(801) 555-0100",
        "85301-1234",
        "https://a.contoso.com",
    ]
    raw += ["Red", "dark blue", "x" * 300, "a\x00b", "2.9.", "12", "é" * 200]
    frame = pl.DataFrame({"column": raw})
    plan = []
    for number, (kind, options) in enumerate(kinds):
        tag = f"F{number}"
        mailchimp.client.create_merge_field(mailchimp.list_id, tag, tag, kind, options)
        plan.append(FieldPlan(tag, "column", kind, options))
    converted = convert_values(frame, plan)
    members = [
        {
            "email_address": f"p{number}@contoso.com",
            "status": "subscribed",
            "merge_fields": {tag: value for tag, value in row.items() if value is not None},
        }
        for number, row in enumerate(converted.frame.iter_rows(named=True))
    ]
    answer = mailchimp.client.subscribe(mailchimp.list_id, members)()
    assert answer.errors == []
    assert len(answer.new) == len(raw)
    assert all(converted.frame.get_column(item.tag).null_count() < len(raw) for item in plan)
