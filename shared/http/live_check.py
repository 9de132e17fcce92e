"""The routes of live checks: begun, and looked at."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.app import App
from shared.http import audit, connections, inputs, live_checks, problems
from shared.http.messages import Request, Response
from shared.http.problems import ProblemError
from shared.live_check import ask, record
from shared.live_check.ask import AddressInUseError
from shared.live_check.audience import NotATestAudienceError
from shared.live_check.record import ActiveError

# What is put before the @ leaves room for so many letters of 64.
_EMAIL = r"^[A-Za-z0-9!#$%&'*/=?^_`{|}~.+-]{1,40}@[^\s@.]+(\.[^\s@.]+)+$"


class LiveCheckOptions(BaseModel):
    """An audience that nobody needs, and an address whose mail the caller gets."""

    model_config = ConfigDict(extra="forbid", strict=True)

    audience_id: str = Field(min_length=1, max_length=64)
    email: Annotated[str, Field(max_length=200, pattern=_EMAIL)]


def begin(app: App, request: Request) -> Response:
    """Have a live check made over a connection."""
    asked = inputs.read(LiveCheckOptions, request.document())
    connection, _ = connections.find(app, request)
    name = connection.name
    try:
        begun = ask.begin(app, name, asked.audience_id, asked.email, request.caller.name)
    except NotATestAudienceError as error:
        raise ProblemError(
            409,
            "not_a_test_audience",
            "This is no audience to try things in",
            "An export uses the audience, or it holds more than 100 contacts. Make an empty one in "
            "Mailchimp for live checks.",
            params=error.params,
        ) from None
    except AddressInUseError:
        raise problems.conflict(
            "address_in_use",
            "The audience knows this address",
            "Give an address that is not in the audience, nor archived there.",
        ) from None
    except ActiveError:
        raise problems.conflict(
            "live_check_active",
            "A live check is under way",
            "Wait for its end; one that was cut off is cleared up within some minutes.",
        ) from None
    audit.act(request.caller, "live_check_begun", name)
    location = f"/api/connections/{name}/live-check"
    return Response(202, document=live_checks.document(begun), headers={"Location": location})


def get(app: App, request: Request) -> Response:
    """Return the newest live check of a connection."""
    connection, _ = connections.find(app, request)
    found = record.read(app.blobs, connection.name)
    if found is None:
        raise problems.not_found("live check")
    return Response(document=live_checks.document(found))
