"""Everything that can go wrong with Mailchimp, grouped by how to recover.

MailchimpError
├── StopError                   the run can't go on; `code` is the run's error code
│   ├── UnauthorizedError           401, or a 403 about the key's data centre
│   ├── DeniedError                 another 403 that Mailchimp explains; the firewall, for long
│   ├── MethodDisabledError         a 503 that says so: Mailchimp has switched a method off
│   ├── AudienceNotFoundError       a 404 that Mailchimp explains, about the audience
│   └── RefusesAllError             many calls in a row refused
├── RetryError                  the same call again, later
│   ├── ThrottledError              429
│   ├── BlockedError                403 or 404 without a JSON body: something in front of Mailchimp
│   ├── UnavailableError            5xx; no connection; an answer that was lost or cut
│   │   └── NoDataCenterError           its name leads nowhere
│   └── TimedOutError               no answer in time; 502 or 504 of the proxy in front
└── RefusedError                this call is wrong, and will stay wrong
"""

import html
import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar, Final, Literal

from shared.accounts.errors import CallError
from shared.addresses import without_addresses


class MailchimpError(CallError):
    """Mailchimp did not do what it was asked.

    `str(error)` never holds anything of a person. `detail` is Mailchimp's own text and never goes
    into a log. Of a call about contacts it may hold an address: it belongs into their outcomes
    alone. Of a call about no contact it may also go into the answer to whoever asked for the call
    and into the error of the run that made it.
    """

    summary: ClassVar[str] = "Mailchimp did not do what it was asked"

    def __init__(self, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(self.summary + (f" (HTTP {status})" if status else ""))
        self.detail = detail or self.summary
        self.status = status

    @property
    def said(self) -> str:
        """Mailchimp's own words, or what is known without any; no address is among them."""
        return without_addresses(self.detail, "(address)")

    @property
    def told(self) -> str:
        """What happened, in a sentence or two, with Mailchimp's own words where it had any."""
        if self.detail == self.summary:
            return f"{self}."
        return f"{self}: {self.said.rstrip('.')}."


class StopError(MailchimpError):
    """No call of this run can succeed any more; `advice` says what people can do about it."""

    code: ClassVar[str] = "internal_error"
    advice: str = "Ask whoever runs this app to look at its log."

    @property
    def reason(self) -> str:
        """What happened, and what people can do about it."""
        return f"{self.told} {self.advice}"


class UnauthorizedError(StopError):
    """The token is wrong, revoked or of another data centre."""

    summary = "Mailchimp refuses the connection's token"
    code = "mailchimp_unauthorized"
    advice = (
        "Ask an administrator to give the connection a new one, of a Mailchimp user with the role "
        "Manager or higher. The next run sends what is left."
    )


Cause = Literal["account", "role", "firewall", "other"]


class DeniedError(StopError):
    """The token is right, but Mailchimp, or what stands in front of it, lets it do nothing.

    `cause`: the account is deactivated, the role of the token's user does not reach, a firewall
    blocks every call, or something else that the words may tell.
    """

    summary = "Mailchimp does not allow this"
    code = "mailchimp_denied"
    _ADVICE: ClassVar[Mapping[Cause, str]] = {
        "account": (
            "The account is deactivated: sign in to Mailchimp to see why, or ask its support. "
            "A new token would change nothing."
        ),
        "role": (
            "Ask an administrator to give the connection a token of a Mailchimp user with the role "
            "Manager or higher."
        ),
        "firewall": (
            "A firewall in front of Mailchimp blocks this app's calls: give its support the "
            "reference and the app's outbound address."
        ),
        "other": "Look at the account in Mailchimp.",
    }

    def __init__(
        self, detail: str = "", *, status: int | None = None, cause: Cause = "other"
    ) -> None:
        super().__init__(detail, status=status)
        self.cause = cause
        self.advice = f"{self._ADVICE[cause]} The next run sends what is left."


class MethodDisabledError(StopError):
    """Mailchimp has switched off the method for the account; it asks for review, not for patience.

    Source: 503 ComplianceRelated in its glossary of errors, facts/mailchimp-api.md.
    """

    summary = "Mailchimp has switched this off for the account"
    code = "mailchimp_method_disabled"
    advice = (
        "Ask Mailchimp's support what its compliance team wants to know of the account. The next "
        "run sends what is left."
    )


class AudienceNotFoundError(StopError):
    """The account has no such audience."""

    summary = "The Mailchimp account has no such audience"
    code = "audience_not_found"
    advice = "Choose one of its audiences in the export, or connect the account that has this one."


class RefusesAllError(StopError):
    """One call after the other is refused, about whichever contacts it is."""

    summary = "Mailchimp refuses one call after the other"
    advice = "Look at the audience and the account in Mailchimp. The next run sends what is left."


class RetryError(MailchimpError):
    """Asking again later may help.

    `may_be_open`: no whole answer came, so Mailchimp may still be working on the call, or have
    done it. `counts`: whether this was an attempt that is worth counting.
    """

    counts: ClassVar[bool] = True

    def __init__(
        self, detail: str = "", *, status: int | None = None, may_be_open: bool = False
    ) -> None:
        super().__init__(detail, status=status)
        self.may_be_open = may_be_open

    @property
    def may_be_done(self) -> bool:
        """Whether Mailchimp may have carried the call out, or may still: it has seen it."""
        return self.counts and (self.may_be_open or self.status is not None)


class ThrottledError(RetryError):
    """Too many connections at once, or too much traffic."""

    summary = "Mailchimp asks to slow down"
    counts = False


class BlockedError(RetryError):
    """A firewall in front of Mailchimp answers in its place, or it throttles without a word.

    It dislikes what a call holds, or where calls come from; which shows by asking other things.
    `page`: there was one, which a firewall gives at once and will give again.
    """

    summary = "Something in front of Mailchimp refuses the call"

    def __init__(self, *, status: int | None = None, page: str = "") -> None:
        super().__init__(_words_of_page(page), status=status)
        self.page = bool(page.strip())

    @property
    def may_be_done(self) -> bool:
        """Never: Mailchimp has not seen the call."""
        return False


class UnavailableError(RetryError):
    """Mailchimp can't be reached, failed by itself, or its answer did not arrive whole."""

    summary = "Mailchimp is not available"


class NoDataCenterError(UnavailableError):
    """The name of a data centre leads nowhere: there is none, or names can't be looked up."""

    summary = "Mailchimp's data centre is not found by its name"


class TimedOutError(RetryError):
    """No answer in time; the work may be done all the same."""

    summary = "Mailchimp did not answer in time"
    timed_out = True

    def __init__(
        self, detail: str = "", *, status: int | None = None, may_be_open: bool = True
    ) -> None:
        super().__init__(detail, status=status, may_be_open=may_be_open)


class RefusedError(MailchimpError):
    """Mailchimp refuses this one call.

    `title` and `errors` (pairs of field and message) are those of its problem document.
    """

    summary = "Mailchimp refuses the call"

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        title: str = "",
        errors: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail, status=status)
        self.title = title
        self.errors = errors


def error_of_answer(
    status: int,
    problem: Mapping[str, Any] | None,
    *,
    page: str = "",
    audience_call: bool = False,
) -> MailchimpError:
    """Tell what an answer other than 2xx means.

    `problem` is its JSON document, None where the body was none: proxies in front of Mailchimp
    answer with HTML, `page`, or nothing, and throttling may look like a bare 403 or 404.
    `audience_call`: the path names nothing but the audience, so a 404 means the audience.
    """
    detail = _detail(problem)
    match status:
        case 401:
            return UnauthorizedError(detail, status=status)
        case 429:
            return ThrottledError(detail, status=status)
        case 403 | 404 if problem is None:
            return BlockedError(status=status, page=page)
        case 403:
            return _forbidden(detail)
        case 404 if audience_call:
            return AudienceNotFoundError(detail, status=status)
        case 408:
            return TimedOutError(detail, status=status)
        case 502 | 504 if problem is None:
            return TimedOutError(status=status)
        case 503 if _DISABLED.search(f"{(problem or {}).get('title') or ''} {detail}"):
            return MethodDisabledError(detail, status=status)
        case _ if status >= 500:
            return UnavailableError(detail, status=status)
        case _:
            return RefusedError(
                detail or _reason(status),
                status=status,
                title=str((problem or {}).get("title") or ""),
                errors=_field_errors(problem),
            )


# By its title or its sentence; glossary and recorded answers, facts/mailchimp-api.md.
_CAUSES: Final[tuple[tuple[Cause, re.Pattern[str]], ...]] = (
    ("account", re.compile(r"disabled|deactivated|suspended", re.IGNORECASE)),
    ("role", re.compile(r"permi(tted|ssion)|does not have access|\brole\b", re.IGNORECASE)),
)
_DISABLED: Final = re.compile(r"compliance ?related|method has been disabled", re.IGNORECASE)
_OTHER_DATA_CENTER: Final = re.compile(r"data ?cent(er|re)", re.IGNORECASE)


def _forbidden(detail: str) -> StopError:
    """Tell what a 403 means that Mailchimp explains."""
    if _OTHER_DATA_CENTER.search(detail):
        return UnauthorizedError(detail, status=403)
    for cause, pattern in _CAUSES:
        if pattern.search(detail):
            return DeniedError(detail, status=403, cause=cause)
    return DeniedError(detail, status=403)


# As Akamai writes it; what a page holds besides is nobody's business here.
_REFERENCE: Final = re.compile(r"Reference\s*#?\s*([0-9A-Za-z.-]{4,100})")
MAX_PAGE: Final = 20_000


def _words_of_page(page: str) -> str:
    """Return what may be said of a page that came in the place of Mailchimp's answer."""
    if not page.strip():
        return "an answer without any words"
    found = _REFERENCE.search(html.unescape(page[:MAX_PAGE]))
    reference = f"with the reference {found[1].strip('.-')}" if found else "without a reference"
    return f"the page of a firewall, {reference}"


Retry = timedelta | Literal["data_changed"] | None

# Mailchimp names only two error codes, so the text decides; it has changed over the years, and
# single calls and batches word the same thing differently. The first line that fits counts.
_TEXTS: Final = (
    ("rejected_compliance", r"compliance|previously unsubscribed|has been banned"),
    ("rejected_forgotten", r"permanently deleted|forgotten|cannot be re-?imported"),
    (
        "rejected_too_many_signups",
        r"a lot of lists|too many (recent )?(lists|sign-?ups?)|more sign-?ups",
    ),
    (
        "rejected_fake",
        r"fake|valid e-?mail|e-?mail( address)? (is )?(invalid|not valid)"
        r"|(domain|username) portion|must contain a single",
    ),
    ("rejected_merge_field", r"merge (field|var)|please enter|did not match any of the schemas"),
)
_TABLE: Final = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in _TEXTS)
# No text of Mailchimp's is as long. What is, is cut before anybody looks through it.
MAX_TEXT: Final = 2000
_ADDRESS_FIELDS: Final = ("", "EMAIL", "EMAIL_ADDRESS")
# Reasons that lie with the person, not with the value of a field.
_PERSONAL: Final = ("rejected_compliance", "rejected_forgotten", "rejected_too_many_signups")
_SIGNUP_DELAYS: Final = (timedelta(days=1), timedelta(days=2), timedelta(days=7))


def classify_contact_error(text: str, code: str | None = None, field: str | None = None) -> str:
    """Return the outcome code for what Mailchimp said about one contact."""
    # An address may hold any word: fake@compliance.example is neither.
    words = without_addresses(text[:MAX_TEXT], " ")
    found = next((outcome for outcome, pattern in _TABLE if pattern.search(words)), None)
    if found not in _PERSONAL and (field or "").upper() not in _ADDRESS_FIELDS:
        return "rejected_merge_field"
    if found is None or is_contact_exists(text, code):
        return "rejected_other"
    return found


def is_contact_exists(text: str, code: str | None = None) -> bool:
    """Return whether a contact was refused only because the audience has it already."""
    if "compliance" in without_addresses(text[:MAX_TEXT], " ").lower():
        return False
    return code == "ERROR_CONTACT_EXISTS" or "already a list member" in text.lower()


def is_about_status(field: str | None) -> bool:
    """Return whether a refusal is for the status of a contact, or for the want of one."""
    return (field or "").rpartition(".")[2] in ("status", "status_if_new")


def retry_after(code: str, attempts: int = 1) -> Retry:
    """Tell when a refused contact may be sent again, after so many refusals in a row.

    None: it is remembered, and only a full run asks again. "data_changed": once its values
    differ. A time: not before it has passed, whatever its values are.
    """
    match code:
        case "rejected_too_many_signups":
            return _SIGNUP_DELAYS[min(max(attempts, 1), len(_SIGNUP_DELAYS)) - 1]
        case "rejected_compliance" | "rejected_forgotten":
            return None
        case "rejected_fake" | "rejected_merge_field":
            return "data_changed"
        case _:
            # A reason that we don't know may pass by itself.
            return timedelta(days=1)


def _detail(problem: Mapping[str, Any] | None) -> str:
    if problem is None:
        return ""
    # OAuth's errors have names of their own.
    names = ("detail", "title", "error_description", "error")
    text = next((str(problem[name]) for name in names if problem.get(name)), "")
    fields = "; ".join(f"{field}: {message}" for field, message in _field_errors(problem))
    return f"{text} {fields}".strip()[:MAX_TEXT]


def _field_errors(problem: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    errors = (problem or {}).get("errors")
    if not isinstance(errors, list):
        return ()
    return tuple(
        (str(error.get("field") or "")[:MAX_TEXT], str(error.get("message") or "")[:MAX_TEXT])
        for error in errors
        if isinstance(error, dict)
    )


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
