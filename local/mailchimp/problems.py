"""Mailchimp's error answers: one exception, one function per recorded or documented sentence."""

TYPE_URL = "https://mailchimp.com/developer/marketing/docs/errors/"


class Problem(Exception):
    """An error answer as problem+json; `typed` is false where Mailchimp leaves `type` out."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: list[dict[str, str]] | None = None,
        typed: bool = True,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.typed = typed
        self.headers = headers or {}

    def document(self, instance: str) -> dict[str, object]:
        """The body; `instance` equals the X-Request-Id of the answer."""
        body: dict[str, object] = {"type": TYPE_URL} if self.typed else {}
        body |= {
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def invalid(detail: str, errors: list[dict[str, str]] | None = None) -> Problem:
    """400 Invalid Resource with a sentence of its own."""
    return Problem(400, "Invalid Resource", detail, errors)


def bad_shape(*errors: tuple[str, str]) -> Problem:
    """400 for a body or query that does not fit the schema; pairs of field and message."""
    return invalid(
        "The resource submitted could not be validated. For field-specific details, "
        "see the 'errors' array.",
        [{"field": field, "message": message} for field, message in errors],
    )


def bad_merge_fields(*errors: tuple[str, str]) -> Problem:
    """400 for merge values of the wrong type or missing required ones."""
    return invalid(
        "Your merge fields were invalid.",
        [{"field": field, "message": message} for field, message in errors],
    )


def unparsable() -> Problem:
    """400 for a body that is no JSON."""
    return Problem(400, "JSON Parse Error", "We encountered an unspecified JSON parsing error.")


def key_missing() -> Problem:
    """401 without any credentials."""
    return Problem(401, "API Key Missing", "Your request did not include an API key.")


def key_invalid() -> Problem:
    """401 for an unknown, revoked or misdirected key."""
    return Problem(
        401,
        "API Key Invalid",
        "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
    )


def wrong_data_center(dc: str) -> Problem:
    """403 for a good key at another data centre's host."""
    return Problem(403, "Forbidden", f"The API key provided is linked to datacenter '{dc}'")


def not_permitted() -> Problem:
    """403 for a user whose role does not reach."""
    return Problem(
        403,
        "User action not permitted",
        "User does not have access to the requested operation",
    )


def user_disabled() -> Problem:
    """403 for a disabled account."""
    return Problem(403, "User Disabled", "This account has been disabled.")


def method_disabled() -> Problem:
    """503 where Mailchimp's compliance team has switched a method off for an account."""
    return Problem(503, "ComplianceRelated", "This method has been disabled.")


def not_found() -> Problem:
    """404 for anything that is not there."""
    return Problem(404, "Resource Not Found", "The requested resource could not be found.")


def no_static_segment(segment_id: str) -> Problem:
    """404 for a bulk change of a saved segment."""
    return Problem(
        404,
        "Resource Not Found",
        f"A Static Segment with an id of {segment_id} does not exist for this list.",
    )


def wrong_method(allowed: str) -> Problem:
    """405 for a method that the resource does not know."""
    return Problem(
        405,
        "Method Not Allowed",
        "The requested method and resource are not compatible. See the Allow header for this "
        "resource's available methods.",
        headers={"Allow": allowed},
    )


def not_removable() -> Problem:
    """405 for archiving a contact that is bounced, pending or archived already."""
    return Problem(
        405,
        "Method Not Allowed",
        "This list member cannot be removed. Can not archive a contact that is bounced, "
        "pending or archived",
        headers={"Allow": "GET, PUT"},
    )


def too_many_requests() -> Problem:
    """429 for one connection too many; Mailchimp sends no Retry-After."""
    return Problem(
        429,
        "Too Many Requests",
        "You have exceeded the limit of 10 simultaneous connections.",
    )


def too_many_batches() -> Problem:
    """429 for the 501st pending batch."""
    return Problem(429, "Too Many Requests", "You have more than 500 pending batches.")


def internal_error() -> Problem:
    """500."""
    return Problem(
        500,
        "Internal Server Error",
        "An unexpected internal error has occurred. Please contact Support for more information.",
    )


def unavailable() -> Problem:
    """503."""
    return Problem(503, "Service Unavailable", "The service is not available for a moment.")
