"""The console's files, served from memory: no path of a request touches the disk.

Nothing here builds a client or needs a right setting, so that the page opens when all else is down.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.http.console_script import joined, unindented
from shared.http.messages import Request, Response
from shared.http.route import CACHE_CONTROL

FOLDER = Path(__file__).resolve().parents[2] / "console"
INDEX, SCRIPT, VENDORED = "index.html", "main.js", "vendor/"
TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# The console's own pages, as its router knows them; `*` is a name or an id.
PAGES = re.compile(
    r"|exports|new-export|exports/[^/]+(/edit|/proof)?|runs|runs/[^/]+"
    r"|connections|new-connection|connections/[^/]+|segments|person|records|health|signed-in"
)
POLICY: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), clipboard-read=(), display-capture=(), "
    "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True)
class File:
    """One file as it is sent, also gzipped."""

    content_type: str
    plain: bytes
    zipped: bytes


@dataclass(frozen=True)
class Manifest:
    """All files by their path in the folder; `digest` is that of their content."""

    digest: str
    files: Mapping[str, File]


def home(request: Request) -> Response:  # noqa: ARG001 - every handler's form
    """Lead from the app's address to the console."""
    return Response(302, headers={"Location": "/console/"})


def get(request: Request) -> Response:
    """Return a page, which is always the same document, or one of the files below the digest."""
    path = request.path.get("path", "").strip("/")
    found = manifest()
    digest, _, name = path.partition("/")
    if digest == found.digest and name != INDEX and (file := found.files.get(name)) is not None:
        return _answer(request, 200, file, {"Cache-Control": CACHE_CONTROL["immutable"]})
    return _page(request, found, 200 if PAGES.fullmatch(path) else 404)


def asset_url(name: str) -> str | None:
    """Return where one of the files is served, for pages that are not the console's own."""
    found = manifest()
    return f"/console/{found.digest}/{name}" if name in found.files else None


@cache
def manifest() -> Manifest:
    """Read the folder, once."""
    contents = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in TYPES and path.is_file()
    }
    served = _served(contents)
    digest = hashlib.sha256()
    for name, content in served.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    files = {name: _file(name, content) for name, content in served.items()}
    return Manifest(digest.hexdigest()[:16], files)


def _served(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what is sent: our own modules as one script, the rest as it is."""
    modules = {name: text.decode() for name, text in contents.items() if name.endswith(".js")}
    kept = {
        name: unindented(content.decode()).encode() if name.endswith(".css") else content
        for name, content in contents.items()
        if name not in modules or name.startswith(VENDORED)
    }
    return {**kept, SCRIPT: joined(modules, SCRIPT, VENDORED).encode()}


def _file(name: str, content: bytes) -> File:
    return File(TYPES[Path(name).suffix], content, gzip.compress(content, 9, mtime=0))


@cache
def _index(auth: str) -> File:
    found = manifest()
    text = found.files[INDEX].plain.decode()
    text = text.replace("{{assets}}", f"/console/{found.digest}").replace("{{auth}}", auth)
    return _file(INDEX, text.encode())


def _page(request: Request, found: Manifest, status: int) -> Response:
    auth = "entra" if os.environ.get("HTTP_AUTH") == "entra" else "keys"
    etag = f'"{found.digest}-{auth}"'
    if status == 200 and etag in request.headers.get("if-none-match", ""):
        return Response(304, headers={**POLICY, "ETag": etag})
    return _answer(request, status, _index(auth), {"ETag": etag})


def _answer(request: Request, status: int, file: File, headers: Mapping[str, str]) -> Response:
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    encoding = {"Content-Encoding": "gzip"} if zipped else {}
    return Response(
        status,
        body=file.zipped if zipped else file.plain,
        content_type=file.content_type,
        headers={**POLICY, "Vary": "Accept-Encoding", **encoding, **headers},
    )
