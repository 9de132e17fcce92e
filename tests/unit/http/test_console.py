"""The console's files as they are served: from memory, under their digest, with the policy."""

import gzip
import re
from pathlib import Path

import pytest

from shared.exports.access import NOBODY
from shared.http import console
from shared.http.messages import Request, Response

PAGES = ("", "exports", "exports/weekly-news/edit", "runs/a-1", "connections/new", "health/")


def _get(path: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return console.get(Request("GET", "http://app/", {"path": path}, {}, named, b"", NOBODY))


def _asset(name: str, **headers: str) -> Response:
    return _get(f"{console.manifest().digest}/{name}", **headers)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_the_same_document_and_is_asked_for_anew(path: str) -> None:
    answer = _get(path)

    assert answer.status == 200
    assert answer.content_type == "text/html"
    assert b'<meta name="auth" content="keys">' in answer.payload()
    assert b"{{" not in answer.payload()
    assert _get(path, if_none_match=answer.headers["ETag"]).status == 304
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_each_page_that_the_console_itself_knows_is_there_when_it_is_loaded_anew() -> None:
    router = Path(__file__).resolve().parents[3] / "console" / "pages" / "index.js"
    known = re.findall(r'^    case "(.*)":$', router.read_text("utf-8"), re.M)

    assert len(known) > 10
    assert [path for path in known if _get(path.replace("*", "a-1")).status != 200] == []


def test_all_that_a_page_names_is_there_and_may_be_kept_for_ever() -> None:
    named = re.findall(rb'(?:src|href)="/console/\w+/([^"]+)"', _get("").payload())

    assert named
    for name in named:
        answer = _asset(name.decode())
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_modules_that_modules_import_are_there() -> None:
    files = console.manifest().files
    for name, file in files.items():
        folder = name.rpartition("/")[0]
        for wanted in re.findall(rb'(?:from|import)\s*\(?"(\.[^"]+)"', file.plain):
            parts = [*folder.split("/")] if folder else []
            for step in wanted.decode().split("/"):
                if step == "..":
                    parts.pop()
                elif step != ".":
                    parts.append(step)
            assert "/".join(parts) in files, (name, wanted)


def test_files_come_gzipped_where_that_is_understood() -> None:
    plain, zipped = _asset("main.js"), _asset("main.js", accept_encoding="gzip, br")

    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.payload()) == plain.payload()


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "exports/a/b/c",
        "0123456789abcdef/main.js",
        "../host.json",
        "..%2Fhost.json",
        f"{console.manifest().digest}/../shared/app.py",
        f"{console.manifest().digest}/index.html",
        f"{console.manifest().digest}/types.d.ts",
    ],
)
def test_what_is_not_there_is_404_and_shows_the_console_saying_so(path: str) -> None:
    answer = _get(path)

    assert answer.status == 404
    assert answer.content_type == "text/html"


def test_every_answer_has_the_policy() -> None:
    for answer in (_get(""), _get("nothing"), _asset("style.css")):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "require-trusted-types-for 'script'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_entra_mode_is_said_in_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_AUTH", "entra")

    assert b'<meta name="auth" content="entra">' in _get("").payload()


def test_the_address_of_the_app_leads_to_the_console() -> None:
    answer = console.home(Request("GET", "http://app/", {}, {}, {}, b"", NOBODY))

    assert (answer.status, answer.headers["Location"]) == (302, "/console/")
