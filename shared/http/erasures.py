"""The routes that erase one person, and tell how far that has come."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.app import App
from shared.erasure import record
from shared.erasure.record import Told
from shared.http import audit, inputs, problems
from shared.http.messages import Request, Response
from shared.platform.blobs import Document

# Whatever a cell of a segment holds is in outcomes, and may have to be erased.
_MOST = 65_536
_ID = r"[0-9a-f]{32}"
# Kinds of places that this app itself may keep a person in.
_HERE = ("ledgers", "memory", "outcomes", "plans", "previews", "protected", "verifications")
Name = Annotated[str, Field(min_length=1, max_length=_MOST)]


class Erasure(BaseModel):
    """Whom to erase, by one of the two, and whether Mailchimp is to forget them as well."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Name | None = None
    customer_id: Name | None = None
    delete_in_mailchimp: bool = False

    @field_validator("email", "customer_id")
    @classmethod
    def _is_not_blank(cls, name: str | None) -> str | None:
        """Take what is no address, too: it was skipped for that, and its outcome says who it is."""
        if name is not None and not name.strip():
            raise ValueError("is blank")
        return name

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.email is None) == (self.customer_id is None):
            raise ValueError("give either email or customer_id")
        return self


def erase(app: App, request: Request) -> Response:
    """Keep one person out, and remove them from everything that the app keeps."""
    wanted = inputs.read(Erasure, request.document())
    # Both load polars, which no other route needs.
    from shared.erased import ErasureKeyError
    from shared.erasure.ask import ask

    try:
        told = ask(
            app,
            email=wanted.email,
            customer_id=wanted.customer_id,
            delete=wanted.delete_in_mailchimp,
        )
    except ErasureKeyError as error:
        raise problems.conflict(
            "erasure_key_unreadable", "The key of erasures can't be used", str(error)
        ) from None
    audit.record(request.caller, "erase", "person")
    return Response(202, document=_shown(told), headers={"Location": f"/api/erasures/{told.id}"})


def get(app: App, request: Request) -> Response:
    """Tell how far an erasure has come."""
    id_ = request.path.get("id", "")
    told = record.read_told(app.blobs, id_) if re.fullmatch(_ID, id_) else None
    if told is None:
        raise problems.not_found("erasure")
    return Response(document=_shown(told))


def _shown(told: Told) -> Document:
    """Return what the API shows: where something was, and of an ended one where nothing was."""
    removed: list[Document] = [
        {"where": where, "count": count} for where, count in sorted(told.removed.items()) if count
    ]
    if told.status != "running":
        found = {part for where, count in told.removed.items() if count for part in _parts(where)}
        asked = {where for where in told.removed if where.startswith("mailchimp/")}
        removed += [
            {"where": where, "count": 0, "code": "not_found"}
            for where in sorted({*_HERE, *asked} - found)
        ]
    return {
        "id": told.id,
        "status": told.status,
        "asked_at": told.asked_at,
        "ended_at": told.ended_at,
        "progress": {"done": told.done, "total": told.total},
        "errors": [{"where": where, "code": code} for where, code in sorted(told.errors.items())],
        "removed": removed,
    }


def _parts(where: str) -> tuple[str, str]:
    """Return a place, and the kind of place that it is."""
    return where, where.partition("/")[0]
