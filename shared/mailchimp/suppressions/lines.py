"""The rows of a table's blobs: gzipped NDJSON, one address per line, one status per blob.

Not Parquet, because lanes read it too, and they import neither polars nor pyarrow. An address has
one way to be written, so that lines are compared as bytes: a million pass in about a second.
"""

import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator

# White space, and the invisible characters that are pasted along: as plans trim addresses.
_AROUND = re.compile("^[\\s\u200b\u200c\u200d\u2060\ufeff]+|[\\s\u200b\u200c\u200d\u2060\ufeff]+$")


def normalise(email: str) -> str:
    """Return an address as it is compared: trimmed, in lower case."""
    return _AROUND.sub("", email).lower()


def line_of(email: str) -> bytes:
    """Return the line of a normalised address."""
    text = json.dumps({"email": email}, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair is no character, and no address has one that Mailchimp delivers to.
    return text.encode(errors="replace") + b"\n"


def lines_of(emails: Iterable[str]) -> list[bytes]:
    """Return the lines of addresses as Mailchimp writes them; blank ones are left out."""
    return [line_of(email) for email in map(normalise, emails) if email]


def email_of(line: bytes) -> str:
    """Return the address of a line."""
    return str(json.loads(line)["email"])


def pack(lines: Iterable[bytes]) -> bytes:
    """Return the blob of these lines."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1, mtime=0) as file:
        buffered = io.BufferedWriter(file, buffer_size=1 << 20)
        buffered.writelines(lines)
        buffered.flush()
    return target.getvalue()


def unpack(data: bytes) -> Iterator[bytes]:
    """Yield the lines of a blob."""
    with gzip.open(io.BytesIO(data)) as file:
        yield from io.BufferedReader(file, buffer_size=1 << 20)
