"""An address is in the table once and is found there, however it and the table are written."""

import gzip
import json
from dataclasses import replace

import pytest

from shared.mailchimp.suppressions import changed_since, load_suppressions
from shared.mailchimp.suppressions.lines import pack
from tests.support.scene import Scene

FORM = "ana@bücher.de"
SPELLINGS = [FORM, "ANA@xn--bcher-kva.de", "ana@bu\u0308cher.de"]


@pytest.mark.parametrize("stored", SPELLINGS)
def test_a_table_is_keyed_by_the_canonical_form(scene: Scene, stored: str) -> None:
    scene.put("unsubscribed", 3)
    planned = scene.refreshed().generation
    scene.put_emails("unsubscribed", [stored], age=0)
    scene.refreshed(additions_only=True)
    assert scene.loaded()[FORM] == "unsubscribed"
    changes = changed_since(scene.app, scene.account.account_id, scene.audience, planned)
    assert changes.suppressed == {FORM: "unsubscribed"}


def test_two_spellings_at_mailchimp_are_one_row_and_no_reason_to_list_again(scene: Scene) -> None:
    scene.put("archived", 5)
    scene.put_emails("archived", SPELLINGS)
    scene.refreshed()
    scene.refreshed()
    scene.simulator.reset_log()
    scene.refreshed()
    assert len(scene.loaded()) == 6
    assert not scene.listings()


@pytest.fixture
def old(scene: Scene) -> Scene:
    """A table as 0.1.0 wrote it: addresses in lower case, in whichever spelling they came."""
    scene.put("unsubscribed", 20)
    scene.put_emails("unsubscribed", [spelling.lower() for spelling in SPELLINGS])
    state = scene.refreshed()
    table = scene.table()
    rows = state.rows["unsubscribed"]
    others = [line for line in table.read_part(rows.part) if b"cher" not in line]
    written = [json.dumps({"email": one.lower()}, ensure_ascii=False) for one in SPELLINGS]
    part = table.new_part("unsubscribed", "ndjson.gz")
    lines = [line.replace('": "', '":"').encode() + b"\n" for line in written]
    table.blobs.write(part, pack([*others, *lines]))
    recent = table.new_part("recent", "json.gz")
    entries = [[SPELLINGS[1].lower(), "unsubscribed", state.generation]]
    table.blobs.write(recent, gzip.compress(json.dumps(entries).encode()))
    changed = replace(rows, part=part, count=23, gap=0)
    table.write_state(
        replace(
            state,
            rows={**state.rows, "unsubscribed": changed},
            recent=recent,
            recent_since=0,
            canonical=1,
        ),
        state,
    )
    document = table.blobs.read_document(table.state_name)
    assert document is not None
    del document[0]["canonical"]
    table.blobs.write_document(table.state_name, *document)
    return scene


def test_what_0_1_0_wrote_is_read_in_the_canonical_form(old: Scene) -> None:
    assert old.loaded()[FORM] == "unsubscribed"
    assert len(old.loaded()) == 21
    changes = changed_since(old.app, old.account.account_id, old.audience, 0)
    assert changes.suppressed == {FORM: "unsubscribed"}


def test_what_0_1_0_wrote_is_brought_over_without_listing_anew(old: Scene) -> None:
    old.simulator.reset_log()
    state = old.refreshed()
    assert not old.listings()
    assert (state.canonical, state.rows["unsubscribed"].count) == (2, 21)
    assert list(old.table().read_part(state.rows["unsubscribed"].part))[-1].decode() == (
        f'{{"email":"{FORM}"}}\n'
    )
    for spelling in SPELLINGS:
        old.simulator.resubscribe_by_form(old.audience, spelling.lower())
    old.refreshed()
    assert FORM not in old.loaded()


def test_an_erasure_finds_what_0_1_0_wrote(old: Scene) -> None:
    assert old.erase("Ana@BÜCHER.de") >= 1
    frame, _ = load_suppressions(old.app, old.account.account_id, old.audience)
    assert not frame.filter(frame["email"].str.contains("cher")).height
    assert frame.height == 20
