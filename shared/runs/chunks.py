"""A chunk's outcome blob: claimed by its lease, appended to batch by batch, resumed by reading it.

Each block is one line of JSON. `at` and `n` say which of the chunk's items it is about; lines
with `tag` tell of tags given after the items were sent. A lane writes the outcomes of one call
beside its next one, so a holder that died may have made up to OPEN_CALLS calls whose outcomes are
not written.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.platform.blobs import BlobConflictError, BlobMissingError, Blobs
from shared.platform.leases import KeptLease, LeaseKeeper, LeaseLostError
from shared.runs import names
from shared.runs.codes import UNDELIVERED, from_letters

OPEN_CALLS = 2
# How often the metadata that progress is read from is written while a chunk is worked on.
_TOLD_EVERY_SECONDS = 60.0
Block = dict[str, Any]


class ChunkLostError(Exception):
    """The chunk's lease ran out: somebody else may go on with it."""


@dataclass(frozen=True)
class ChunkState:
    """What a listing tells: `position` may lag behind.

    open: calls may have been made whose outcomes are not written. accepted_at: when Mailchimp
    accepted something last (seconds since 1970, may lag behind as well), 0 for never.
    """

    leased: bool
    done: bool
    position: int
    open: bool
    accepted_at: int = 0


@dataclass
class Chunk:
    """A claimed chunk. `position` is the first item without an outcome.

    `tries` counts holders that died at this position; `since` is when the first call without a
    written outcome may have been made (seconds since 1970), None when none can have been.
    `accepted_at`: see ChunkState.
    """

    blobs: Blobs
    leases: LeaseKeeper
    run: str
    number: int
    kept: KeptLease
    blocks: list[Block] = field(default_factory=list)
    size: int = 0
    position: int = 0
    tries: int = 0
    since: int | None = None
    accepted_at: int = 0
    _told: float = 0.0

    @property
    def name(self) -> str:
        """Return the outcome blob's name."""
        return names.chunk_name(self.run, self.number)

    def append(self, block: Block, since: int | None = None) -> None:
        """Write the outcomes of one call; raises ChunkLostError.

        since: when the next call may have been begun at the earliest.
        """
        data = json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            self.kept.check()
            self.size = self.blobs.append(
                self.name, data, position=self.size, lease=self.kept.lease
            )
        except (BlobConflictError, BlobMissingError, LeaseLostError):
            raise ChunkLostError from None
        self.blocks.append(block)
        if "at" in block:
            self.position = block["at"] + block["n"]
            self.tries, self.since = 0, since
            if any(code not in UNDELIVERED for code in from_letters(block["codes"])):
                self.accepted_at = int(time.time())
            if time.monotonic() - self._told > _TOLD_EVERY_SECONDS:
                self._tell(open_=True)

    def release(self, *, done: bool = False, unsure_since: int | None = None) -> None:
        """Give the chunk back with nothing in flight.

        unsure_since: the next items may have been sent, at that time or later (seconds since
        1970), by a call whose answer is not known.
        """
        self.since = unsure_since
        try:
            self._tell(open_=False, done=done)
        except ChunkLostError:
            self.abandon()
            return
        except BaseException:
            self.abandon()
            raise
        self.kept.release()

    def abandon(self) -> None:
        """Stop renewing the lease: once it runs out another lane goes on with care."""
        self.leases.forget(self.kept)

    def _tell(self, *, open_: bool, done: bool = False) -> None:
        since = self.since or (int(time.time()) if open_ else None)
        metadata = _metadata(
            self.position, self.tries, since, self.accepted_at, open_=open_, done=done
        )
        try:
            self.blobs.set_metadata(self.name, metadata, self.kept.lease)
        except (BlobConflictError, BlobMissingError):
            raise ChunkLostError from None
        self._told = time.monotonic()


def _metadata(
    position: int,
    tries: int,
    since: int | None,
    accepted_at: int = 0,
    *,
    open_: bool,
    done: bool,
) -> dict[str, str]:
    return {
        "position": str(position),
        "tries": str(tries if open_ else 0),
        "since": str(since or ""),
        "accepted_at": str(accepted_at),
        "open": "1" if open_ else "0",
        "done": "1" if done else "0",
    }


def states(blobs: Blobs, run: str) -> dict[int, ChunkState]:
    """Return the state of every chunk that was ever claimed, by number."""
    prefix = names.chunks_folder(run)
    return {
        int(blob.name.removeprefix(prefix)): _state(blob.metadata, leased=blob.leased)
        for blob in blobs.list(prefix, metadata=True)
    }


def _state(metadata: dict[str, str], *, leased: bool) -> ChunkState:
    return ChunkState(
        leased=leased,
        done=metadata.get("done") == "1",
        position=int(metadata.get("position", "0")),
        open=metadata.get("open") == "1" or bool(metadata.get("since")),
        accepted_at=int(metadata.get("accepted_at", "0")),
    )


def claim(
    blobs: Blobs, leases: LeaseKeeper, run: str, number: int, *, begun: bool = True
) -> Chunk | None:
    """Claim a chunk and find where it stands; None where it is held or done.

    `begun` False: no listing has shown it yet, so this lane may be the one that begins it.
    """
    kept = leases.take(names.chunk_name(run, number)) if begun else None
    if kept is None:
        return _begin(blobs, leases, run, number)
    try:
        return _resume(Chunk(blobs, leases, run, number, kept))
    except BaseException:
        leases.forget(kept)
        raise


def _begin(blobs: Blobs, leases: LeaseKeeper, run: str, number: int) -> Chunk | None:
    """Make a chunk's outcome blob and claim it as it was made; None where another was quicker."""
    name = names.chunk_name(run, number)
    metadata = _metadata(0, 0, int(time.time()), open_=True, done=False)
    etag = blobs.create_append(name, metadata)
    kept = leases.take(name, etag) if etag is not None else None
    if kept is None:
        return None
    return Chunk(blobs, leases, run, number, kept, _told=time.monotonic())


def _resume(chunk: Chunk) -> Chunk | None:
    """Find where a chunk stands that was just claimed; give it back when nothing is left."""
    info = chunk.blobs.info(chunk.name)
    if info is None or info.metadata.get("done") == "1" or info.metadata.get("sealed") == "1":
        chunk.kept.release()
        return None
    chunk.size = info.size
    chunk.blocks = read_blocks(chunk.blobs, chunk.run, chunk.number) if info.size else []
    chunk.position = position_of(chunk.blocks)
    chunk.accepted_at = int(info.metadata.get("accepted_at", "0"))
    if info.metadata.get("open") == "1":
        same = info.metadata.get("position") == str(chunk.position)
        chunk.tries = int(info.metadata.get("tries", "0")) + 1 if same else 1
    if since := info.metadata.get("since"):
        chunk.since = int(since)
    chunk._tell(open_=True)
    return chunk


def seal(blobs: Blobs, leases: LeaseKeeper, run: str, number: int) -> ChunkState | None:
    """Close an unfinished chunk for good, so that no lane claims it; None where one holds it."""
    name = names.chunk_name(run, number)
    blobs.create_append(name)
    kept = leases.take(name)
    if kept is None:
        return None
    try:
        info = blobs.info(name)
        metadata = info.metadata if info else {}
        blobs.set_metadata(name, {**metadata, "sealed": "1"}, kept.lease)
    finally:
        kept.release()
    return _state(metadata, leased=False)


def read_blocks(blobs: Blobs, run: str, number: int) -> list[Block]:
    """Return all blocks of a chunk's outcome blob, none where there is no blob."""
    try:
        data = blobs.read(names.chunk_name(run, number))
    except BlobMissingError:
        return []
    return [json.loads(line) for line in data.splitlines()]


def unfinished(count: int, states: Mapping[int, ChunkState]) -> list[int]:
    """Return the numbers of a run's chunks that still have something left."""
    return [n for n in range(count) if n not in states or not states[n].done]


def last_accepted(states: Mapping[int, ChunkState]) -> int:
    """Return when Mailchimp accepted something of a run last (seconds since 1970), 0 for never."""
    return max((state.accepted_at for state in states.values()), default=0)


def position_of(blocks: list[Block]) -> int:
    """Return the first item that has no outcome."""
    return max((block["at"] + block["n"] for block in blocks if "at" in block), default=0)
