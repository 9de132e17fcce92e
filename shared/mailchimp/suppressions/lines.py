"""The rows of a table's blobs: gzipped NDJSON, one address per line, one status per blob.

Not Parquet, because lanes read it too, and they import neither polars nor pyarrow. An address has
one way to be written, so that lines are compared as bytes: a million pass in about a second.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator

from shared.addresses import canonical


def line_of(email: str) -> bytes:
    """Return the line of an address in its canonical form."""
    text = json.dumps({"email": email}, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair is no character, and no address has one that Mailchimp delivers to.
    return text.encode(errors="replace") + b"\n"


def lines_of(emails: Iterable[str]) -> list[bytes]:
    """Return the lines of addresses as Mailchimp writes them; blank ones are left out."""
    return [line_of(email) for email in map(canonical, emails) if email]


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


def brought_over(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines that an earlier version wrote as this one does."""
    for line in lines:
        plain = line.isascii() and b"xn--" not in line
        yield line if plain else line_of(canonical(email_of(line)))
