"""One JSON line per event: `extra=` of the logging module does not reach the host."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

_logger = logging.getLogger("segment_export")
_logger.setLevel(logging.INFO)
# The storage and identity SDKs log a line per request at INFO.
logging.getLogger("azure").setLevel(logging.WARNING)
# Its warnings name whole URLs, and that of a webhook is a secret.
logging.getLogger("urllib3").setLevel(logging.ERROR)


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log an event with its fields: ids, counts and codes, never a person, a name or a token."""
    _logger.log(level, json.dumps({"event": name, **fields}, default=str))


def failure(name: str, error: BaseException, **fields: object) -> None:
    """Log that something went wrong: the error's type and place, not its text.

    An error's text may hold an address (Mailchimp's do), so it stays out of the log; one about the
    app's settings, or about the form of what is stored, names nothing but those.
    """
    where = " < ".join(reversed(_frames(error)[-6:]))
    from shared.platform.forms import FormError
    from shared.platform.settings import SettingsError

    if isinstance(error, SettingsError | FormError):
        fields["detail"] = str(error)
    event(name, level=logging.ERROR, error=type(error).__name__, where=where, **fields)


def place_of(error: BaseException) -> str:
    """Return the file and line of this app where an error came up."""
    places = _frames(error, within="/shared/")
    return places[-1] if places else ""


def _frames(error: BaseException, within: str = "") -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if within in name:
            frames.append(f"{name.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames


class StepError(RuntimeError):
    """A step of the app failed; says which and by what kind of error, and no more."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Do a step of the app as `without_texts` does, and tell how long it took, however it ended.

    The host's own rows of invocations are left out, since each look at a queue would be one.
    """
    begun = monotonic()
    try:
        with without_texts(name):
            yield
    finally:
        event("step_ended", step=name, seconds=round(monotonic() - begun, 3))


@contextmanager
def without_texts(step: str, **fields: object) -> Iterator[None]:
    """Raise StepError for whatever goes wrong: the host logs all that a function raises.

    A library's error may quote the value it could not read, and that may be a person's. A panic of
    a library that is written in Rust is a BaseException.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        failure("step_failed", error, step=step, **fields)
        raise StepError(f"{step} failed by {type(error).__name__}") from None
