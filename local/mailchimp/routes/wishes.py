"""Reading contacts out of request bodies, and refusals into answers."""

from ipaddress import ip_address

from .. import problems
from ..addresses import stored
from ..model import REQUEST_STATUSES
from ..problems import Problem
from ..requests import Request, kind, seconds
from ..switches import Switches
from ..writing import Reason, Refused, Rules, Wish

_EXTRAS = ("language", "vip", "email_type", "ip_signup", "ip_opt")
# Mailchimp's help, "View and edit contact languages".
LANGUAGES = frozenset(
    (
        *("en", "ar", "af", "be", "bg", "ca", "zh", "hr", "cs", "da", "nl", "et", "fa", "fi"),
        *("fr", "fr_CA", "de", "el", "he", "hi", "hu", "is", "id", "ga", "it", "ja", "km", "ko"),
        *("lv", "lt", "mt", "ms", "mk", "no", "pl", "pt", "pt_PT", "ro", "ru", "sr", "sk", "sl"),
        *("es", "es_ES", "sw", "sv", "ta", "th", "tr", "uk", "vi"),
    )
)
_ONE_OF = "Data presented is not one of the accepted values: "
TAG_LONGEST = 100


def wish_in(given: object, at: str, switches: Switches, *, tags: bool) -> Wish:
    """The contact that a body describes; 400 when it does not fit the schema.

    `at` is where it lies in the body, as Mailchimp names it: `members.item:3.` or nothing.
    """
    if not isinstance(given, dict):
        raise problems.bad_shape((at.rstrip("."), _mismatch("object", given)))
    email = given.get("email_address", "")
    if not isinstance(email, str):
        raise problems.bad_shape((at + "email_address", _mismatch("string", email)))
    email = email.strip()
    wish = Wish(stored(email, switches), email)
    for name in ("status", "status_if_new"):
        status = given.get(name)
        if status is not None and status not in REQUEST_STATUSES:
            raise problems.bad_shape((at + name, _ONE_OF + ", ".join(sorted(REQUEST_STATUSES))))
        setattr(wish, name, status)
    merge_fields = given.get("merge_fields")
    if merge_fields is not None:
        if not isinstance(merge_fields, dict):
            raise problems.bad_shape((at + "merge_fields", _mismatch("object", merge_fields)))
        wish.merge_fields = merge_fields
    if tags and given.get("tags") is not None:
        wish.tags = tag_names(given["tags"], at + "tags")
    for name, attribute in (("timestamp_opt", "opted"), ("timestamp_signup", "signed_up")):
        if given.get(name):
            setattr(wish, attribute, seconds(str(given[name]), at + name))
    if extra := {name: given[name] for name in _EXTRAS if name in given}:
        _check_extras(extra, at)
        wish.extra = extra
    if (interests := given.get("interests")) is not None:
        if not isinstance(interests, dict):
            raise problems.bad_shape((at + "interests", _mismatch("object", interests)))
        for name, has in interests.items():
            if not isinstance(has, bool):
                raise problems.bad_shape((f"{at}interests.{name}", _mismatch("boolean", has)))
        wish.interests = interests
    return wish


def permissions_in(given: object) -> dict[str, bool]:
    """The marketing permissions of a body about one contact; 400 for what is none."""
    if given is None:
        return {}
    if not isinstance(given, list):
        raise problems.bad_shape(("marketing_permissions", _mismatch("array", given)))
    found = {}
    for position, one in enumerate(given):
        at = f"marketing_permissions.item:{position}"
        if not isinstance(one, dict):
            raise problems.bad_shape((at, _mismatch("object", one)))
        id_, on = one.get("marketing_permission_id"), one.get("enabled")
        if not isinstance(id_, str):
            raise problems.bad_shape((f"{at}.marketing_permission_id", _mismatch("string", id_)))
        if not isinstance(on, bool):
            raise problems.bad_shape((f"{at}.enabled", _mismatch("boolean", on)))
        found[id_] = on
    return found


def _check_extras(extra: dict[str, object], at: str) -> None:
    """400 for a language that Mailchimp doesn't have, and for what is no IP address."""
    language = extra.get("language", "")
    if language != "" and language not in LANGUAGES:
        raise problems.bad_shape((at + "language", "This value is not a valid language."))
    for name in ("ip_signup", "ip_opt"):
        if address := extra.get(name):
            try:
                ip_address(str(address))
            except ValueError:
                raise problems.bad_shape((at + name, "This is not a valid IP address.")) from None


def tag_names(given: object, at: str) -> list[str]:
    """Tag names out of a body; 400 for anything but short strings."""
    if not isinstance(given, list):
        raise problems.bad_shape((at, _mismatch("array", given)))
    for position, name in enumerate(given):
        if not isinstance(name, str):
            raise problems.bad_shape((f"{at}.item:{position}", _mismatch("string", name)))
        if len(name) > TAG_LONGEST:
            raise problems.bad_shape((f"{at}.item:{position}", "Tag names have 100 characters"))
    return given


def rules_of(request: Request, *, may_update: bool = True, bulk: bool = False) -> Rules:
    """How this request writes contacts."""
    return Rules(
        switches=request.switches,
        now=request.now,
        later=request.world.later,
        skip_merge_validation=request.flag("skip_merge_validation"),
        may_update=may_update,
        bulk=bulk,
        has_room=lambda: request.world.room(request.login.account) > 0,
    )


def problem_of(refused: Refused, email: str) -> Problem:
    """The answer to a single call whose contact was refused."""
    match refused.reason:
        case Reason.ADDRESS | Reason.NO_ROOM:
            return problems.invalid(refused.sentence)
        case Reason.FORGOTTEN:
            return Problem(400, "Forgotten Email Not Subscribed", forgotten(email), typed=False)
        case Reason.EXISTS:
            detail = f"{email} is already a list member. Use PUT to insert or update list members."
            return Problem(400, "Member Exists", detail, typed=False)
        case Reason.COMPLIANCE:
            detail = (
                f"{email} is in a compliance state due to unsubscribe, bounce, or compliance "
                "review and cannot be subscribed."
            )
            return Problem(400, "Member In Compliance State", detail, typed=False)
        case Reason.MERGE_FIELDS:
            return problems.bad_merge_fields(*refused.fields)
        case Reason.INTEREST | Reason.PERMISSION:
            return problems.bad_shape(*refused.fields)
        case Reason.NO_STATUS:
            return problems.bad_shape(("status", "This value should not be blank."))


def error_item(refused: Refused, email: str, request: Request) -> dict[str, str]:
    """The item in `errors` of a bulk answer; field keys only where a field is at fault."""
    code = "ERROR_GENERIC"
    fields: dict[str, str] = {}
    match refused.reason:
        case Reason.ADDRESS | Reason.NO_ROOM:
            text = refused.sentence
        case Reason.FORGOTTEN:
            text = forgotten(email)
        case Reason.EXISTS:
            code = "ERROR_CONTACT_EXISTS"
            text = (
                f"{email} is already a list member, do you want to update? please provide "
                "update_existing:true in the request body"
            )
        case Reason.COMPLIANCE:
            text = request.switches.compliance_sentence.format(email=email)
        case Reason.MERGE_FIELDS:
            text = "Your merge fields were invalid."
            fields = {"field": refused.fields[0][0], "field_message": refused.fields[0][1]}
        case Reason.INTEREST | Reason.PERMISSION:
            text = refused.sentence
            fields = {"field": refused.fields[0][0], "field_message": text}
        case Reason.NO_STATUS:
            text = "This value should not be blank."
            fields = {"field": "status", "field_message": text}
    return {"email_address": email, "error": text, "error_code": code} | fields


def forgotten(email: str) -> str:
    """The sentence for people who were deleted for good."""
    return (
        f"{email} was permanently deleted and cannot be re-imported. "
        "The contact must re-subscribe to get back on the list."
    )


def _mismatch(wanted: str, found: object) -> str:
    return f"Schema describes {wanted}, {kind(found)} found instead"
