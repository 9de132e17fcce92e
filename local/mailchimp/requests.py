"""A call as the routes see it, and the small helpers they share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from . import problems
from .accounts import Login
from .audience import Audience
from .switches import Switches
from .world import World

PAGE = 10
PAGE_MAX = 1000


def _nothing() -> None:
    """Whoever calls has nobody act in the middle."""


@dataclass(frozen=True, slots=True)
class Request:
    """One authenticated call; `body` is the parsed JSON, None without one.

    `midway` is for bulk routes to call when half of their contacts are written.
    """

    world: World
    login: Login
    method: str
    query: dict[str, str]
    body: object = None
    midway: Callable[[], None] = _nothing

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self.world.switches

    @property
    def now(self) -> int:
        """Mailchimp's time."""
        return self.world.now()

    def audience(self, list_id: str) -> Audience:
        """The account's own audience of this id; 404 for any other."""
        audience = self.world.audiences.get(list_id)
        if audience is None or audience.account_id != self.login.account.id:
            raise problems.not_found()
        return audience

    def document(self) -> dict[str, object]:
        """The body as an object; 400 when it is something else."""
        if not isinstance(self.body, dict):
            raise problems.bad_shape(("", f"Schema describes object, {kind(self.body)} found"))
        return self.body

    def flag(self, name: str) -> bool:
        """A boolean of the query."""
        return self.query.get(name, "").lower() in ("true", "1")

    def page(self) -> tuple[int, int]:
        """Offset and count; 400 outside of what Mailchimp allows."""
        return self._number("offset", 0, None), self._number("count", PAGE, PAGE_MAX)

    def _number(self, name: str, default: int, most: int | None) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isdigit() or (most is not None and int(text) > most):
            raise problems.bad_shape((name, f"{name} must be between 0 and {most}"))
        return int(text)

    def time(self, name: str) -> int | None:
        """A time of the query in epoch seconds."""
        text = self.query.get(name)
        return None if text is None else seconds(text, name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers; None as body is a 204. `schema` goes into the Link header."""

    body: object
    schema: str


def kind(value: object) -> str:
    """The JSON type of a value in the words of Mailchimp's schema errors."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


@lru_cache(maxsize=8192)
def iso(moment: int) -> str:
    """A time as Mailchimp writes it, blank for never."""
    if not moment:
        return ""
    return datetime.fromtimestamp(moment, UTC).isoformat()


def seconds(text: str, field: str) -> int:
    """Epoch seconds of an ISO 8601 time; 400 for anything else. Without a zone it is UTC."""
    try:
        # A plus sign that the caller did not escape has become a blank, and is refused.
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise problems.bad_shape((field, "This value is not a valid datetime.")) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())
