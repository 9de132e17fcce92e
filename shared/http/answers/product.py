"""What the routes about the app itself answer."""

from typing import Literal

from shared.http.answers.common import Answer, Moment


class Me(Answer):
    """Who the caller is; without a role they are signed in and may do nothing."""

    name: str
    role: Literal["administrator", "contributor", "viewer"] | None
    auth: Literal["keys", "entra"]
    version: str
    downloads: Literal["link", "parts"]


class Terms(Answer):
    """The data privacy terms in one of their languages; the version is that of all."""

    version: str
    language: str
    languages: list[str]
    text: str


class Dependency(Answer):
    """Whether something that the app needs answers."""

    ok: bool


class Health(Answer):
    """Whether the app can do its work."""

    status: Literal["ok", "unavailable"]


class WrongSetting(Answer):
    """A setting that can't be used; never its value."""

    name: str
    code: str
    detail: str


class WaitingQueue(Answer):
    """What waits in a queue; `oldest_seconds` is of the messages that are not hidden."""

    name: str
    messages: int
    oldest_seconds: int | None


class HealthDetails(Health):
    """The same with what is wrong; while settings are wrong, nothing else is asked."""

    dependencies: dict[str, Dependency]
    settings: list[WrongSetting]
    queues: list[WaitingQueue]
    active_runs: int | None
    last_tick_at: Moment | None
    functions_missing: list[str]
    version: str
