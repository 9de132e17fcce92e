"""A chunk has one holder at a time, and whoever comes next goes on where the last one stopped."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from azure.storage.blob import BlobLeaseClient, BlobServiceClient

from local.azurite import Azurite
from shared.app import App
from shared.bootstrap import APP_CONTAINER
from shared.runs import chunks, names
from shared.runs.chunks import Block, Chunk, ChunkLostError
from shared.runs.codes import NUMBER

RUN = "news-20261122T061500Z-7f3a"
LANES = 6


def claim(app: App, number: int = 0, *, begun: bool = True) -> Chunk:
    chunk = chunks.claim(app.blobs, app.leases, RUN, number, begun=begun)
    assert chunk is not None
    return chunk


def block(at: int, n: int) -> Block:
    return {"at": at, "n": n, "codes": "A" * n}


def let_die(azurite: Azurite, chunk: Chunk) -> None:
    """End a holder's lease as if it had not been renewed in time; the holder does not know."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        blob = service.get_blob_client(APP_CONTAINER, chunk.name)
        BlobLeaseClient(blob).break_lease(lease_break_period=0)


class TestFresh:
    @pytest.mark.parametrize("begun", [False, True], ids=["unlisted", "listed"])
    def test_of_lanes_that_claim_it_at_once_one_gets_it(self, app: App, begun: bool) -> None:
        numbers = range(12)
        barrier = Barrier(LANES)

        def lane(number: int) -> Chunk | None:
            barrier.wait()
            return chunks.claim(app.blobs, app.leases, RUN, number, begun=begun)

        with ThreadPoolExecutor(LANES) as lanes:
            for number in numbers:
                claims = list(lanes.map(lane, [number] * LANES))
                assert sum(chunk is not None for chunk in claims) == 1
        held = chunks.states(app.blobs, RUN)
        assert sorted(held) == list(numbers)
        assert all(state.leased and state.open and not state.done for state in held.values())

    def test_it_begins_at_its_first_item_and_says_since_when(self, app: App) -> None:
        before = int(time.time())
        chunk = claim(app, begun=False)
        assert (chunk.position, chunk.tries, chunk.since, chunk.blocks) == (0, 0, None, [])
        chunk.append(block(0, 3))
        chunk.abandon()
        info = app.blobs.info(chunk.name)
        assert info is not None
        assert before <= int(info.metadata["since"]) <= time.time()

    def test_whoever_made_it_does_not_get_it_once_another_has_written(self, app: App) -> None:
        name = names.chunk_name(RUN, 0)
        etag = app.blobs.create_append(name)
        assert etag is not None
        # Another lane sees it in a listing, sends all of it and is done.
        other = claim(app)
        other.append(block(0, 1))
        other.release(done=True)
        assert app.leases.take(name, etag) is None
        assert not chunks.states(app.blobs, RUN)[0].leased


class TestResumed:
    def test_the_next_holder_goes_on_behind_the_last_block(self, app: App) -> None:
        chunk = claim(app)
        chunk.append(block(0, 500))
        chunk.append(block(500, 20))
        chunk.release()
        again = claim(app)
        assert (again.position, again.tries, again.since) == (520, 0, None)
        assert again.blocks == [block(0, 500), block(500, 20)]

    def test_what_a_dead_holder_may_have_sent_is_known_by_time(
        self, app: App, azurite: Azurite
    ) -> None:
        before = int(time.time())
        chunk = claim(app)
        let_die(azurite, chunk)
        again = claim(app)
        assert again.tries == 1
        assert again.since is not None
        assert before <= again.since <= time.time()

    def test_holders_that_die_at_one_position_are_counted(self, app: App, azurite: Azurite) -> None:
        for tries in range(3):
            chunk = claim(app)
            assert chunk.tries == tries
            let_die(azurite, chunk)
        chunk = claim(app)
        chunk.append(block(0, 10))
        let_die(azurite, chunk)
        # It came further: this position is tried for the second time, not the fifth.
        assert claim(app).tries == 1

    def test_holders_that_died_are_forgotten_once_it_went_on(
        self, app: App, azurite: Azurite
    ) -> None:
        for _ in range(4):
            let_die(azurite, claim(app))
        chunk = claim(app)
        chunk.append(block(0, 10))
        chunk.release()
        assert claim(app).tries == 0

    def test_what_follows_a_call_was_sent_when_its_sender_says_at_the_earliest(
        self, app: App
    ) -> None:
        chunk = claim(app)
        chunk.append(block(0, 10), since=1_800_000_000)
        assert chunk.since == 1_800_000_000
        chunk.append(block(10, 10), since=1_800_000_009)
        assert chunk.since == 1_800_000_009

    def test_taking_it_and_giving_it_back_is_no_progress(self, app: App) -> None:
        chunk = claim(app)
        assert chunks.states(app.blobs, RUN)[0].accepted_at == 0
        before = int(time.time())
        chunk.append(block(0, 10))
        chunk.release()
        accepted_at = chunks.states(app.blobs, RUN)[0].accepted_at
        assert before <= accepted_at <= time.time()
        claim(app).release()
        assert chunks.states(app.blobs, RUN)[0].accepted_at == accepted_at

    def test_what_mailchimp_did_not_take_is_no_progress_either(self, app: App) -> None:
        codes = chr(65 + NUMBER["failed"]) + chr(65 + NUMBER["rejected_other"])
        chunk = claim(app)
        chunk.append({"at": 0, "n": 2, "codes": codes})
        chunk.release()
        assert chunks.states(app.blobs, RUN)[0].accepted_at == 0

    def test_one_that_was_left_with_a_call_unanswered_says_so(self, app: App) -> None:
        chunk = claim(app)
        chunk.append(block(0, 10))
        chunk.release(unsure_since=1_800_000_000)
        state = chunks.states(app.blobs, RUN)[0]
        assert (state.leased, state.open, state.position) == (False, True, 10)
        assert claim(app).since == 1_800_000_000


class TestLost:
    def test_a_holder_that_lost_it_can_write_nothing(self, app: App, azurite: Azurite) -> None:
        late = claim(app)
        late.append(block(0, 5))
        let_die(azurite, late)
        holder = claim(app)
        with pytest.raises(ChunkLostError):
            late.append(block(5, 5))
        late.release(done=True)
        holder.append(block(5, 7))
        assert chunks.read_blocks(app.blobs, RUN, 0) == [block(0, 5), block(5, 7)]
        state = chunks.states(app.blobs, RUN)[0]
        assert (state.leased, state.done) == (True, False)

    def test_one_that_is_held_is_not_claimed(self, app: App) -> None:
        claim(app)
        assert chunks.claim(app.blobs, app.leases, RUN, 0) is None
        assert chunks.claim(app.blobs, app.leases, RUN, 0, begun=False) is None

    def test_one_that_is_done_is_not_claimed_and_stays_done(self, app: App) -> None:
        claim(app).release(done=True)
        assert chunks.claim(app.blobs, app.leases, RUN, 0) is None
        state = chunks.states(app.blobs, RUN)[0]
        assert (state.done, state.leased) == (True, False)


class TestSealed:
    def test_nobody_claims_it_any_more(self, app: App) -> None:
        left = chunks.seal(app.blobs, app.leases, RUN, 0)
        assert left is not None
        assert (left.open, left.position) == (False, 0)
        assert chunks.claim(app.blobs, app.leases, RUN, 0) is None
        assert chunks.claim(app.blobs, app.leases, RUN, 0, begun=False) is None
        assert not chunks.states(app.blobs, RUN)[0].leased

    def test_one_that_is_held_cannot_be(self, app: App) -> None:
        chunk = claim(app)
        assert chunks.seal(app.blobs, app.leases, RUN, 0) is None
        chunk.append(block(0, 1))
        chunk.release()
        left = chunks.seal(app.blobs, app.leases, RUN, 0)
        assert left is not None
        assert left.position == 1

    def test_a_dead_holder_s_last_calls_stay_open(self, app: App, azurite: Azurite) -> None:
        let_die(azurite, claim(app))
        left = chunks.seal(app.blobs, app.leases, RUN, 0)
        assert left is not None
        assert left.open
        # A finish that is repeated sees the same.
        assert chunks.seal(app.blobs, app.leases, RUN, 0) == left


def test_a_run_without_chunks_has_no_states_and_no_blocks(app: App) -> None:
    assert chunks.states(app.blobs, RUN) == {}
    assert chunks.read_blocks(app.blobs, RUN, 7) == []
