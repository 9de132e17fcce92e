"""The route that erases one person."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.app import App
from shared.http import audit, inputs, problems
from shared.http.messages import Request, Response

# Whatever a cell of a segment holds is in outcomes, and may have to be erased.
_MOST = 65_536
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
    """Remove one person from everything that the app keeps, and keep them out."""
    wanted = inputs.read(Erasure, request.document())
    # Both load polars, which no other route needs.
    from shared.erased import ErasureKeyError
    from shared.erasure.erase import erase_person

    try:
        done = erase_person(
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
    return Response(
        document={
            "addresses": done.addresses,
            "customer_ids": done.customer_ids,
            "ledgers": [
                {"export": export, "audience_id": audience, "contacts": count}
                for (export, audience), count in done.ledgers.items()
            ],
            "outcomes": [{"run": run, "rows": rows} for run, rows in done.outcomes.items()],
            "plans": done.plans,
            "previews": done.previews,
            "suppression_tables": done.tables,
            "mailchimp": [vars(deletion) for deletion in done.mailchimp],
        }
    )
