"""The routes about one person: why they arrived or not, and their file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.app import App
from shared.exports import store
from shared.exports.models import StoredExport
from shared.exports.written import Name
from shared.http import audit, inputs, pages, problems
from shared.http.export_views import sees_persons
from shared.http.messages import Request, Response
from shared.platform.clock import to_text

if TYPE_CHECKING:  # it loads polars, which no other route needs
    from shared.people.asked import Asked
    from shared.people.audience import InAudience
    from shared.people.explain import Explained, Explanation, Position
    from shared.people.verdict import Step, Verdict

_MOST = 65_536
_AT_ONCE = 16


class Question(BaseModel):
    """Who is asked about, by one of the two; of one export, or of all that the caller may see."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    email: Annotated[str, Field(min_length=1, max_length=_MOST, pattern=r"\S")] | None = None
    customer_id: Annotated[str, Field(min_length=1, max_length=_MOST, pattern=r"\S")] | None = None
    export: Name | None = None
    next: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.email is None) == (self.customer_id is None):
            raise ValueError("give either email or customer_id")
        return self


def explain_person(app: App, request: Request) -> Response:
    """Tell why a person arrived or did not; their address is in the body, never in a log."""
    from shared.people.explain import explain  # loads polars, as all of it does

    question = _question(app, request, "person_explained")
    with _key_told():
        answer = explain(app, question.person, question.exports, question.start)
    return Response(document={**_shown(answer), "hidden_exports": question.hidden})


def report_person(app: App, request: Request) -> Response:
    """Return one person's file; their address is in the body, never in a log."""
    from shared.people.report import report  # loads polars, as all of it does

    question = _question(app, request, "person_reported")
    with _key_told():
        file = report(app, question.person, question.exports, question.start)
    return Response(
        document={
            "person": {
                "addresses": sorted(file.addresses),
                "customer_ids": sorted(file.customer_ids),
            },
            "held": [asdict(one) for one in file.held],
            "from": [asdict(one) for one in file.origins],
            "sent_to": [asdict(one) for one in file.sent_to],
            "consents": [asdict(one) for one in file.consents],
            "erasure": {"erased": file.erased},
            "left_out": [asdict(one) for one in file.left_out],
            "complete": not file.left_out,
            "next": _cursor(file.next),
        }
    )


@dataclass(frozen=True)
class _Asked:
    """A question as it is answered: of whom, over which exports, and from where on.

    hidden: how many exports the caller may not see.
    """

    person: "Asked"
    exports: Iterator[StoredExport]
    hidden: int
    start: "Position | None"


def _question(app: App, request: Request, act: str) -> _Asked:
    """Read and audit a question about a person, who is never logged; raises ProblemError."""
    from shared.people.asked import Asked

    asked = inputs.read(Question, request.document())
    start = _start(asked.next)
    exports, hidden = _exports(app, request, asked.export)
    audit.act(request.caller, act, asked.export or "person")
    return _Asked(Asked.of(asked.email, asked.customer_id), exports, hidden, start)


@contextmanager
def _key_told() -> Iterator[None]:
    """Tell where the key that erased people are known by can't be used."""
    from shared.erased import ErasureKeyError

    try:
        yield
    except ErasureKeyError as error:
        raise problems.conflict(
            "erasure_key_unreadable", "The key of erasures can't be used", str(error)
        ) from None


def _cursor(position: "Position | None") -> str | None:
    return pages.cursor_of((position.export, position.run)) if position else None


def _start(text: str | None) -> "Position | None":
    from shared.people.explain import Position

    if text is None:
        return None
    export, run = pages.cursor_parts(text, "next", str, str)
    return Position(str(export), str(run))


def _exports(app: App, request: Request, named: str | None) -> tuple[Iterator[StoredExport], int]:
    """Return the exports whose persons the caller may see, and how many others there are."""
    connections = {found.name: found for found in store.list_connections(app.blobs)}

    def shown(connection: str | None) -> bool:
        return sees_persons(request.caller, connections.get(connection or ""))

    if named is None:
        readable, _ = store.indexed_exports(app.blobs)
        names = [export.name for export in readable if shown(export.connection)]
        return _read(app, names), len(readable) - len(names)
    found = store.load_export(app.blobs, named)
    if found is None:
        raise problems.not_found("export")
    if not shown(found[0].connection):
        raise problems.not_shared()
    return iter([found[0]]), 0


def _read(app: App, names: Sequence[str]) -> Iterator[StoredExport]:
    """Read some exports at a time: there may be thousands, and no time for all of them."""
    for some in batched(names, _AT_ONCE, strict=False):
        yield from store.readable(store.read_some(app.blobs, some))


def _shown(answer: "Explanation") -> dict[str, Any]:
    return {
        "verdict": _coded(answer.verdict),
        "would_change": _all_coded(answer.would_change),
        "exports": [_export(one) for one in answer.exports],
        "audiences": [_audience(one) for one in answer.audiences.values()],
        "left_out": [vars(one) for one in answer.left_out],
        "complete": not answer.left_out,
        "next": _cursor(answer.next),
    }


def _coded(one: "Verdict | Step") -> dict[str, Any]:
    return {"code": one.code, "params": dict(one.params)}


def _all_coded(steps: "Sequence[Step]") -> list[dict[str, Any]]:
    return [_coded(step) for step in steps]


def _export(one: "Explained") -> dict[str, Any]:
    facts = one.facts
    # Of who was erased nothing more is told than that.
    profiles = () if facts.erased else facts.profiles
    held = facts.held if facts.held is not None and facts.held.accepted else None
    return {
        "export": one.export,
        "verdict": _coded(one.verdict),
        "would_change": _all_coded(one.would_change),
        "snapshot_newer": facts.snapshot_newer,
        "segments": [vars(segment) for segment in facts.segments],
        "profiles": [
            {
                "customer_id": profile.customer_id,
                "segment": profile.segment,
                "counts": profile.counts,
                "filtered": profile.code == "skipped_filtered",
                "consent": profile.consent,
            }
            for profile in profiles
        ],
        "runs": [
            {
                "id": told.run,
                "ended_at": told.ended_at,
                "outcome": told.code,
                "detail": told.detail,
            }
            for told in facts.told
        ],
        "held": held
        and {
            "tags": list(held.tags),
            "since": to_text(datetime.fromtimestamp(held.made_at, UTC)) if held.made_at else None,
            "created_by_us": held.created_by_us,
        },
    }


def _audience(one: "InAudience") -> dict[str, Any]:
    return {
        "connection": one.place.connection,
        "audience_id": one.place.audience_id,
        "status": None if one.status in ("unknown", "missing") else one.status,
        "tags": list(one.tags),
        "last_changed": one.last_changed,
        "asked_at": one.asked_at,
    }
