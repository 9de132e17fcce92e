"""Whatever callers and operators rely on is in the documents."""

import re
import tomllib

import pytest

from shared.exports.schedules import RETRY_AFTER
from shared.http.routes import ROUTES
from shared.runs.codes import CODES
from shared.version import VERSION
from tests.support.root import ROOT

API = (ROOT / "docs/api.md").read_text()
REQUESTS = (ROOT / "test.http").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
OF_THE_API = [name for name, route in ROUTES.items() if not route.page]


@pytest.mark.parametrize("name", OF_THE_API)
def test_every_route_is_on_the_page_of_the_api(name: str) -> None:
    route = ROUTES[name]
    assert f"`{route.method} /{route.api_path}`" in API


@pytest.mark.parametrize("name", OF_THE_API)
def test_every_route_is_in_the_file_of_requests(name: str) -> None:
    route = ROUTES[name]
    path = re.sub(r"{\w+}", "[^/ ?]+", route.api_path.replace(".", r"\."))
    assert re.search(rf"^{route.method} {{{{api}}}}/{path}(\?.*)?$", REQUESTS, re.MULTILINE)


def test_every_setting_is_on_the_page_of_settings() -> None:
    source = (ROOT / "shared/platform/settings.py").read_text()
    read = set(re.findall(r'"([A-Z][A-Z0-9_]{3,})"', source)) | {
        "AzureWebJobsStorage",
        "SegmentStorage",
    }
    missing = {name for name in read if f"`{name}`" not in SETTINGS}
    assert not missing


@pytest.mark.parametrize("code", CODES)
def test_every_outcome_code_is_on_the_page_of_the_api(code: str) -> None:
    assert f"`{code}`" in API


@pytest.mark.parametrize(
    "word",
    re.findall(
        r'problems\.conflict\(\s*"(\w+)"',
        "".join(path.read_text() for path in sorted((ROOT / "shared/http").glob("*.py"))),
    ),
)
def test_every_reason_of_a_conflict_is_on_the_page_of_the_api(word: str) -> None:
    assert f"`{word}`" in API


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_the_waits_after_failures_are_said() -> None:
    page = (ROOT / "docs/exports.md").read_text()
    assert [wait.total_seconds() / 60 for wait in RETRY_AFTER] == [15, 60, 240]
    assert "15 minutes, 1 hour and 4 hours" in page
