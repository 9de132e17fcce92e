"""What is stored of an erasure: what people are told, and while it is under way, of whom it is.

- `erasures/{id}.json`: what is told; names nobody, and is kept for a time
- `erasures/open/{id}.json`: the person and how far it has come; goes when all is done
- `erasures/pieces/{id}.json`: what is still to be gone through
- `erasures/locks/{id}`: leased by whoever works on it
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from shared.erasure.person import Person
from shared.platform.blobs import BlobInfo, Blobs, Document
from shared.platform.clock import to_text, utc_now

FOLDER = "erasures/"
OPEN = f"{FOLDER}open/"
Status = Literal["running", "done", "incomplete"]
# The kind of a store and one of its pieces.
type Piece = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """What is told of an erasure. removed: how many, errors: codes, both by where it was."""

    id: str
    asked_at: str
    status: Status = "running"
    ended_at: str | None = None
    done: int = 0
    total: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def with_removed(self, counts: dict[str, int]) -> "Told":
        """Return it with what has been removed besides."""
        added = {where: self.removed.get(where, 0) + count for where, count in counts.items()}
        return replace(self, removed=self.removed | added)


@dataclass(frozen=True)
class Open:
    """An erasure that is not done.

    given: who was asked for. person: everything that they are known by so far. position: of the
    piece that comes next. again: pieces before this one are to be gone through once more, as the
    person was not known so well when it was their turn. tries: how often it ended incomplete.
    told_at: when lanes were told last. Times are text.
    """

    given: Person
    person: Person
    delete: bool
    position: int = 0
    again: int = 0
    tries: int = 0
    next_try_at: str | None = None
    told_at: str | None = None

    def document(self) -> Document:
        """Return what is stored."""
        people = {"given": self.given.document(), "person": self.person.document()}
        return asdict(self) | people


def new_told(id_: str) -> Told:
    """Return an erasure as it begins."""
    return Told(id_, to_text(utc_now()))


def read_told(blobs: Blobs, id_: str) -> Told | None:
    """Return what is told of an erasure, None where there is none."""
    found = blobs.read_document(f"{FOLDER}{id_}.json")
    return Told(**found[0]) if found else None


def write_told(blobs: Blobs, told: Told) -> None:
    """Store what is told of an erasure."""
    blobs.write_document(f"{FOLDER}{told.id}.json", asdict(told))


def read_open(blobs: Blobs, id_: str) -> Open | None:
    """Return an erasure that is not done, None where it is or there is none."""
    found = blobs.read_document(f"{OPEN}{id_}.json")
    return _open_of(found[0]) if found else None


def write_open(blobs: Blobs, id_: str, state: Open) -> None:
    """Store whom an erasure is about and how far it has come."""
    blobs.write_document(f"{OPEN}{id_}.json", state.document())


def all_open(blobs: Blobs) -> Iterator[BlobInfo]:
    """Yield the blobs of all erasures that are not done."""
    return blobs.list(OPEN)


def id_of(blob: BlobInfo) -> str:
    """Return the id of an erasure by one of its blobs."""
    return blob.name.rpartition("/")[2].removesuffix(".json")


def read_pieces(blobs: Blobs, id_: str) -> list[Piece] | None:
    """Return what an erasure has to go through, None before that is known."""
    found = blobs.read_document(_pieces_name(id_))
    return [(kind, piece) for kind, piece in found[0]["pieces"]] if found else None


def write_pieces(blobs: Blobs, id_: str, pieces: list[Piece]) -> None:
    """Store what an erasure has to go through."""
    blobs.write_document(_pieces_name(id_), {"pieces": pieces})


def close(blobs: Blobs, id_: str) -> None:
    """Forget whom an erasure was about."""
    blobs.delete(_pieces_name(id_))
    blobs.delete(f"{OPEN}{id_}.json")


def drop(blobs: Blobs, id_: str) -> None:
    """Drop what is told of an erasure that is done."""
    blobs.delete(f"{FOLDER}{id_}.json")
    blobs.delete(lock_name(id_))


def lock_name(id_: str) -> str:
    """Return the blob whose lease whoever works on an erasure holds."""
    return f"{FOLDER}locks/{id_}"


def _pieces_name(id_: str) -> str:
    return f"{FOLDER}pieces/{id_}.json"


def _open_of(document: Document) -> Open:
    people = {name: Person.stored(document[name]) for name in ("given", "person")}
    return Open(**(document | people))
