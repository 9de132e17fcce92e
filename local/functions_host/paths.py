"""Paths and queries as Microsoft's web server reads them, before any route is looked at."""

import re
from collections.abc import Iterable
from urllib.parse import quote

# A run of percent-encoded bytes, but for `%2F`, which stays as it is.
_ENCODED = re.compile(r"(?:%(?!2[Ff])[0-9A-Fa-f]{2})+")


class BadPathError(ValueError):
    """The path cannot be a path: the server answers 400."""


def decoded(text: str) -> str:
    """Percent-decoded once; bytes that are not UTF-8 stay as they were typed, and so does `%2F`."""
    return _ENCODED.sub(_run, text)


def worked_out(raw_path: str) -> str:
    """The path that routes are matched with: decoded, then without its `.` and `..` segments.

    Raises BadPathError where it holds a zero byte or does not begin with a slash.
    """
    path = decoded(raw_path)
    if "\0" in path or not path.startswith("/"):
        raise BadPathError(raw_path)
    segments = path.split("/")[1:]
    kept: list[str] = []
    for number, segment in enumerate(segments):
        if segment not in (".", ".."):
            kept.append(segment)
            continue
        if segment == ".." and kept:
            kept.pop()
        if number == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def encoded(path: str) -> str:
    """A worked-out path, as the function's `url` has it."""
    return quote(path, safe="/%!$&'()*+,;=:@~-._")


def query_values(raw_query: str) -> dict[str, str]:
    """One value a name: names are the same in any case, values joined, empty ones missing."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for pair in raw_query.split("&"):
        name, _, value = pair.replace("+", " ").partition("=")
        if not pair:
            continue
        name = _in_full(name)
        names.setdefault(name.lower(), name)
        values.setdefault(name.lower(), []).append(_in_full(value))
    joined = {names[key]: ",".join(given) for key, given in values.items()}
    return {name: value for name, value in joined.items() if value}


def header_values(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One value a name, in lower case; repeated ones are joined by commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _in_full(text: str) -> str:
    """As `decoded`, but here a slash is no different from other characters."""
    return decoded(re.sub("%2[Ff]", "/", text))


def _run(match: re.Match[str]) -> str:
    text, result = match[0], ""
    raw = bytes.fromhex(text.replace("%", ""))
    while raw:
        try:
            return result + raw.decode()
        except UnicodeDecodeError as error:
            result += raw[: error.start].decode() + text[3 * error.start : 3 * error.end]
            raw, text = raw[error.end :], text[3 * error.end :]
    return result
