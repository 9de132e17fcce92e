"""Every document and table that version 0.1.0 stored is read, and written on in today's form."""

import json
from urllib.parse import parse_qs, urlsplit

from local.azurite import Azurite
from shared.app import App
from shared.audiences.owned_tags import owned_tags
from shared.exports import oauth_states, store
from shared.frames import tables
from shared.mailchimp.suppressions import load_suppressions
from shared.mailchimp.suppressions.draft import Draft
from shared.mailchimp.suppressions.table import Table
from shared.platform.clock import to_text, utc_now
from shared.platform.forms import NoFormError
from shared.runs import chunks, ledger, payload
from shared.runs.codes import NAMES, from_letters
from shared.runs.last_run import read_last
from shared.runs.plan_document import load_plan
from shared.runs.record import read_run
from shared.runs.stopping import stop_order
from tests.support.store_0_1_0 import StoreOf010

OLD = StoreOf010()


def test_every_document_is_read_and_says_its_version_once_it_is_written(
    app: App, azurite: Azurite
) -> None:
    OLD.load_blobs(azurite.connection_string)
    documents = 0
    for name in OLD.blob_names:
        try:
            form = app.blobs.forms.of(name)
        except NoFormError:
            continue  # a mark, or what a document names
        if name.endswith(".parquet"):
            assert tables.read(app.blobs, name).columns
            continue
        before = json.loads(OLD.blob(name))
        assert "version" not in before
        app.blobs.update_document(name, lambda document: {**document, "touched": True})
        after = json.loads(app.blobs.read(name))
        assert after == {"version": form.version, **form.read(before, 1), "touched": True}
        documents += 1
    assert documents > 50


def test_the_documents_of_runs_are_understood(app: App, azurite: Azurite) -> None:
    OLD.load_blobs(azurite.connection_string)
    planned = set()
    for name in OLD.blob_names:
        if not name.endswith("/run.json"):
            continue
        run = read_run(app.blobs, name.split("/")[2])
        assert run is not None
        if (plan := load_plan(app.blobs, run.id)) is None:
            continue
        planned.add(run.export)
        for number, index in enumerate(plan.chunks):
            items = payload.read_chunk(app.blobs, plan.payload, index)
            assert len(list(items)) == index.items
            for block in chunks.read_blocks(app.blobs, run.id, number):
                assert set(from_letters(block.get("codes", ""))) <= NAMES.keys()
        assert (stop_order(app.blobs, run.id) is not None) == (run.export == "events")
    assert planned == {"partners", "events"}


def test_what_is_known_of_exports_and_audiences_is_understood(app: App, azurite: Azurite) -> None:
    OLD.load_blobs(azurite.connection_string)
    found = ledger.all_ledgers(app.blobs)
    rows = [
        ledger.read_table(app.blobs, ledger.load(app.blobs, *place)).select(*ledger.schema())
        for place in found
    ]
    exports, _ = store.indexed_exports(app.blobs)
    assert len(rows) == len(exports) - 1  # winback has not run yet
    assert {n for table in rows for n in table["refusal"].drop_nulls()} <= NAMES.keys()
    for export in exports:
        assert bool(read_last(app.blobs, export.name, export.uid)) == (export.name != "winback")
    news = store.load_export(app.blobs, "weekly-news")
    account = store.load_connection(app.blobs, "contoso")
    assert news is not None
    assert account is not None
    frame, _ = load_suppressions(app, str(account[0].account_id), news[0].audience_id)
    assert set(frame["status"]) >= {"unsubscribed", "cleaned", "pending", "transactional"}
    winback = Table(app.blobs, str(account[0].account_id), OLD.audience_of("winback"))
    assert Draft.load(winback, None, {winback.draft_name}).listing


def test_tags_are_known_by_their_ids(app: App, azurite: Azurite) -> None:
    OLD.load_blobs(azurite.connection_string)
    (name, *_) = [name for name in OLD.blob_names if name.endswith("/tags.json")]
    _, account, audience, _ = name.split("/")
    stored = json.loads(OLD.blob(name))["tags"]
    known = owned_tags(app.blobs, account, audience)
    assert {(one.name, one.id) for one in known} == {(n, tag["id"]) for n, tag in stored.items()}


def test_a_sign_in_that_was_under_way_can_be_ended(app: App, azurite: Azurite) -> None:
    OLD.load_blobs(azurite.connection_string)
    (name,) = [name for name in OLD.blob_names if name.startswith("connections/states/")]
    # It would have expired since.
    later = to_text(utc_now() + oauth_states.LIFETIME)
    app.blobs.update_document(name, lambda document: {**document, "expires_at": later})
    (state,) = parse_qs(urlsplit(OLD.answers["sign_in_url"]).query)["state"]
    sign_in = oauth_states.use_state(app.blobs, state)
    assert sign_in is not None
    assert sign_in.connection == "northwind"
