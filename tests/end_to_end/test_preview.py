"""A preview is the plan without a write."""

from tests.support.place import Place, email, people, person


def test_a_preview_counts_what_the_run_then_does_and_writes_nothing(place: Place) -> None:
    place.write({"VIP": people(range(40)), "News": people(range(20))})
    place.save(["VIP", "News"], leavers="archive", create_merge_fields=True)
    place.run()
    place.put({"email": email(60)}, {"email": email(61), "status": "pending"})
    place.mailchimp.unsubscribe_by_admin(place.audience, [email(5), email(60)])
    rows = [
        *people(range(5, 38)),
        *people(range(60, 70)),
        person(7, CustomerId="again"),
        person(80, Email="no address"),
        person(81, Email=""),
    ]
    rows[3]["FirstName"] = "Changed"
    place.write({"VIP": rows, "News": people(range(10, 25))})
    place.save(
        ["VIP", {"name": "News", "tag": "Letter"}], leavers="archive", create_merge_fields=True
    )
    before = place.contacts(), place.mailchimp.tags(place.audience)
    place.forget_calls()

    preview = place.run(preview=True)

    assert preview["status"] == "succeeded", preview
    assert not place.writes()
    assert (place.contacts(), place.mailchimp.tags(place.audience)) == before
    plan = preview["plan"]
    for samples in plan["samples"].values():
        assert len(samples) <= 5
        assert not {sample["email"] for sample in samples} & set(before[0])

    run = place.run()

    assert run["status"] == "succeeded", run
    counts, done = plan["counts"], run["counts"]
    assert counts["profiles"] == done["profiles"]
    assert counts["contacts"] == done["contacts"]
    assert counts["skipped"] == done["skipped"]
    assert counts["unchanged"] == done["unchanged"]
    assert counts["to_upsert"] == done["created"] + done["updated"]
    assert counts["to_archive"] == done["archived"]
    assert counts["to_tag"] == done["tagged"]
    sent = {row["email"] for row in place.outcomes(run)}
    assert email(69) in sent


def test_a_preview_creates_neither_tags_nor_merge_fields(place: Place) -> None:
    place.write({"VIP": people(range(3), Tier="Gold")})
    place.save(["VIP"], merge_fields={"TIER": "Tier"}, create_merge_fields=True)
    place.forget_calls()

    preview = place.run(preview=True)

    assert preview["status"] == "succeeded", preview
    assert preview["plan"]["counts"]["to_upsert"] == 3
    assert preview["plan"]["calls"] == 1
    assert not place.writes()
    assert place.mailchimp.tags(place.audience) == {}
    assert place.contacts() == {}
    assert place.outcomes(preview) == []
