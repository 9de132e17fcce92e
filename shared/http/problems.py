"""Everything that can be wrong with a request, as problem documents (RFC 9457)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as member
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with the input; `field` as in `segments.0.tag`.

    `code` and `params` say it to programs and in other languages, `message` in English.
    """

    field: str
    message: str
    code: str = "invalid_value"
    params: Mapping[str, Any] = member(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "field": self.field,
            "code": self.code,
            "params": dict(self.params),
            "message": self.message,
        }


class ProblemError(Exception):
    """Ends a request with a problem document.

    `code` is the last part of the document's `type`; `params` are what its words are about, flat
    and without a person; `members` are further members of it.
    """

    def __init__(  # noqa: PLR0913 - what a problem document has (RFC 9457)
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *,
        params: Mapping[str, Any] | None = None,
        errors: Iterable[FieldError] = (),
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.params = dict(params or {})
        self.errors = tuple(errors)
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """Return the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:segment-export:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "params": self.params,
        }
        if self.errors:
            document["errors"] = [error.document() for error in self.errors]
        return document | self.members


def malformed(detail: str) -> ProblemError:
    """The body is not the JSON that it should be."""
    return ProblemError(400, "malformed_body", "The body can't be read", detail)


def length_required() -> ProblemError:
    """A body was announced in chunks and did not arrive: what it said is not known."""
    return ProblemError(
        411,
        "length_required",
        "The body did not arrive",
        "The body was sent in chunks (Transfer-Encoding), which the platform does not pass on. "
        "Send it whole, with Content-Length. Nothing was done.",
    )


def body_too_large(limit: int) -> ProblemError:
    """The body has more bytes than such a document may have."""
    return ProblemError(
        413,
        "body_too_large",
        "The body is too large",
        f"A body here has at most {limit >> 20} MiB.",
    )


def unsupported_media_type() -> ProblemError:
    """The body says that it is something else than JSON."""
    return ProblemError(
        415,
        "unsupported_media_type",
        "The body is not JSON",
        "Send JSON in UTF-8, with Content-Type: application/json.",
    )


def app_misconfigured() -> ProblemError:
    """Settings of the app are missing or can't be used; which, only health tells."""
    return ProblemError(
        503,
        "app_misconfigured",
        "The app is not set up",
        "Settings of this app are missing or can't be used. GET /api/health/details names them.",
        headers={"Retry-After": "60"},
    )


def unknown_form(detail: str) -> ProblemError:
    """Another version of the app has stored this; the detail says what to do."""
    title = "Stored by another version of the app"
    return ProblemError(500, "unknown_form", title, detail)


def invalid(errors: Iterable[FieldError]) -> ProblemError:
    """Something in the input is wrong; all of it is named."""
    errors = tuple(errors)
    count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
    return ProblemError(
        422, "invalid_input", "The input is not valid", f"{count} found.", errors=errors
    )


def not_found(what: str) -> ProblemError:
    """There is no such thing."""
    return ProblemError(404, "not_found", "Not found", f"There is no such {what}.")


def forbidden(detail: str, **params: str) -> ProblemError:
    """The caller is known and may not do this."""
    return ProblemError(403, "forbidden", "Not allowed", detail, params=params)


def not_shared() -> ProblemError:
    """Persons are shown where the export's connection is shared, and to administrators."""
    return ProblemError(
        403,
        "not_shared",
        "Not shared",
        "The export's connection is not shared with contributors, so its contacts are shown to "
        "administrators alone.",
    )


def range_required() -> ProblemError:
    """The file is too large for one answer, and the storage can't be reached from outside."""
    return ProblemError(
        413,
        "range_required",
        "Ask for parts",
        "The file is above 8 MB: ask for it in parts, with Range: bytes=0-8388607 and so on.",
    )


def range_not_satisfiable(size: int) -> ProblemError:
    """The range is none, or lies behind the end of the file."""
    return ProblemError(
        416,
        "range_not_satisfiable",
        "No such part",
        "Ask for bytes=<first>-<last> within the file.",
        headers={"Content-Range": f"bytes */{size}"},
    )


def cross_site() -> ProblemError:
    """A browser was led here by a page of another site."""
    return ProblemError(
        403,
        "cross_site",
        "From another site",
        "A browser that is signed in may change things from this app's own pages alone.",
    )


def signing_keys_unavailable() -> ProblemError:
    """The keys that would verify a bearer token can't be had."""
    return ProblemError(
        503,
        "signing_keys_unavailable",
        "The token can't be verified now",
        "The tenant's signing keys can't be had, or ENTRA_TENANT_ID and ENTRA_AUDIENCES are not "
        "set. Try again later.",
        headers={"Retry-After": "30"},
    )


def not_signed_in() -> ProblemError:
    """The caller is not known."""
    return ProblemError(
        401,
        "not_signed_in",
        "Not signed in",
        "This needs a signed-in caller.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def conflict(code: str, title: str, detail: str, **members: object) -> ProblemError:
    """The request does not fit what is there."""
    return ProblemError(409, code, title, detail, members=members)


def precondition_failed() -> ProblemError:
    """If-Match or If-None-Match does not hold."""
    return ProblemError(
        412,
        "precondition_failed",
        "Changed by somebody else",
        "The document is not the version that the request names. Read it again.",
    )


def busy(seconds: int = 15) -> ProblemError:
    """All of the account's connections to Mailchimp are in use."""
    return ProblemError(
        503,
        "mailchimp_busy",
        "Mailchimp is busy",
        "All connections to this Mailchimp account are in use. Try again shortly.",
        headers={"Retry-After": str(seconds)},
    )


def mailchimp_unavailable() -> ProblemError:
    """Mailchimp gave no usable answer."""
    return ProblemError(
        503,
        "mailchimp_unavailable",
        "Mailchimp does not answer",
        "Mailchimp can't be reached or fails. Try again later.",
        headers={"Retry-After": "60"},
    )


def mailchimp_refuses(code: str, detail: str, said: str) -> ProblemError:
    """Mailchimp does not do it, and asking again would change nothing; said: its own words."""
    return ProblemError(409, code, "Mailchimp refuses this", detail, params={"said": said})


def unexpected() -> ProblemError:
    """A fault of the app; what it was is in the log, not in the answer."""
    return ProblemError(
        500, "internal_error", "Something went wrong", "The app's log has the reason."
    )
