"""A connection as an administrator writes it and as it is stored; see models.py on their fields."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from shared.exports.written import Contacts, InputModel, Line, Name

SecretName = Annotated[str, StringConstraints(pattern=r"^mailchimp-[a-z0-9-]+$", max_length=127)]
BlockSize = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Consent(InputModel):
    """Agreement to the data privacy terms, in the version and language that were read."""

    read_only = frozenset({"accepted_by", "accepted_at", "withdrawn_by", "withdrawn_at"})

    accepted: bool
    terms_version: Line | None = None
    terms_language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z-]{2,20}$")] | None = None


class BlockPrice(InputModel):
    """What a further block of contacts costs a month."""

    amount: Annotated[int, Field(ge=0, le=1_000_000)] | Annotated[float, Field(ge=0, le=1_000_000)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Connection(InputModel):
    """A Mailchimp account as an administrator sets it up.

    A missing `consent` leaves the stored one as it is: only `accepted: false` withdraws it.
    webhooks: Mailchimp is to tell of who leaves the audiences of its exports. exclusive_user: the
    Mailchimp user behind the token serves this app alone. plan_size, block_size (contacts) and
    block_price are for Mailchimp's bill.
    """

    read_only = frozenset(
        {
            "type",
            "status",
            "account_id",
            "account_name",
            "data_center",
            "awaiting",
            "updates",
            "webhook_state",
            "live_check",
            "created_by",
            "created_at",
            "updated_by",
            "updated_at",
        }
    )

    name: Name
    display_name: Line
    shared_with: Literal["administrators", "contributors"] = "administrators"
    secret_name: SecretName
    consent: Consent | None = None
    webhooks: bool = False
    exclusive_user: bool = False
    plan_size: Contacts | None = None
    block_size: BlockSize | None = None
    block_price: BlockPrice | None = None

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, given: object) -> object:
        if isinstance(given, Mapping) and isinstance(name := given.get("name"), str):
            return {"display_name": name, "secret_name": f"mailchimp-{name}", **given}
        return given


class StoredConsent(BaseModel):
    """Who agreed to which version of the terms, and who took it back."""

    model_config = ConfigDict(frozen=True)

    accepted: bool
    accepted_by: str | None = None
    accepted_at: str | None = None
    terms_version: str | None = None
    terms_language: str | None = None
    withdrawn_by: str | None = None
    withdrawn_at: str | None = None

    @model_serializer(mode="wrap")
    def _known_only(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class KnownAccount(BaseModel):
    """A Mailchimp account that a connection leads to, or led to."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    account_name: str | None = None
    data_center: str | None = None


class StoredConnection(BaseModel):
    """A connection as it is stored; `account_id` is None until Mailchimp has been asked.

    awaiting: another account than that, which the token leads to now; an administrator confirms it
    before anything is sent there. account_before: that of the secret that the connection had
    before its present one, whose account is not known yet. refused_token: a digest of the token
    that Mailchimp has refused, until it is verified again.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    display_name: str
    type: Literal["mailchimp"] = "mailchimp"
    shared_with: Literal["administrators", "contributors"]
    secret_name: str
    consent: StoredConsent
    webhooks: bool = False
    exclusive_user: bool = False
    plan_size: int | None = None
    block_size: int | None = None
    block_price: BlockPrice | None = None
    account_id: str | None = None
    account_name: str | None = None
    data_center: str | None = None
    awaiting: KnownAccount | None = None
    account_before: KnownAccount | None = None
    refused_token: str | None = None
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str

    @property
    def account(self) -> KnownAccount | None:
        """The account that may be sent to, that of an earlier secret too; None: never known."""
        if self.account_id is None:
            return self.account_before
        return KnownAccount(
            account_id=self.account_id,
            account_name=self.account_name,
            data_center=self.data_center,
        )

    def document(self) -> dict[str, Any]:
        """Return what is stored."""
        return self.model_dump(mode="json")

    def shown(self) -> dict[str, Any]:
        """Return what administrators see of it."""
        shown = self.model_dump(mode="json", exclude={"account_before", "refused_token"})
        if self.awaiting is not None:
            shown["awaiting"] = self.awaiting.model_dump(exclude={"data_center"})
        return shown
