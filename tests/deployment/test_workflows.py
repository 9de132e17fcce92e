"""The public workflows: nothing that they run can be changed from outside."""

import re
from pathlib import Path

import pytest

from tests.deployment import bicep, compiler, workflows

FETCH = (bicep.ROOT / "scripts" / "bicep-compiler").read_text()


@pytest.fixture(params=workflows.PATHS, ids=lambda path: str(path.stem))
def workflow(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text()


def test_actions_are_pinned_by_digest_and_say_which_version_that_is(workflow: str) -> None:
    used = re.findall(r"uses: (.*)", workflow)

    assert used
    pinned = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [one for one in used if not pinned.fullmatch(one)] == []


def test_what_is_installed_is_checked_by_its_hash(workflow: str) -> None:
    for run in workflows.runs(workflow):
        for line in run.splitlines():
            assert "pip install" not in line or "--require-hashes" in line, line
            assert not re.search(r"\b(npm install|npx|pipx|curl|wget|az bicep install)\b", line)


def test_nothing_from_outside_becomes_part_of_a_command(workflow: str) -> None:
    """A branch's name or an input is a program where it stands in one."""
    found = workflows.runs(workflow)

    assert found
    assert [run for run in found if "${{" in run] == []


def test_jobs_may_read_and_only_those_that_sign_in_get_a_token(workflow: str) -> None:
    head, _, jobs = workflow.partition("\njobs:\n")

    assert "\npermissions:\n  contents: read\n" in head
    for job in re.split(r"^  (?=\w)", jobs, flags=re.MULTILINE):
        assert ("id-token: write" in job) == ("azure/login@" in job)
        assert "environment:" in job or "azure/login@" not in job
        assert not re.search(r"secrets\.|: write", job.replace("id-token: write", ""))


def test_no_checkout_leaves_a_credential_behind(workflow: str) -> None:
    assert workflow.count("actions/checkout@") == workflow.count("persist-credentials: false")


def test_the_compiler_is_fetched_in_the_version_that_is_written_down_and_found() -> None:
    assert re.search(r"^version=\d+\.\d+\.\d+$", FETCH, re.MULTILINE)
    assert re.search(r"^hash=[0-9a-f]{64}$", FETCH, re.MULTILINE)
    assert f"to=$PWD/{compiler.FETCHED.relative_to(bicep.ROOT).parent.as_posix()}" in FETCH
    test = (bicep.ROOT / ".github" / "workflows" / "test.yml").read_text()
    assert test.index("scripts/bicep-compiler") < test.index("make test")
