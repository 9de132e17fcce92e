"""deploy.sh, remove.sh and the health check, against a stand-in for the az command line."""

import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.azure import DEPLOY, HEALTH, REMOVE, App, Azure
from tests.deployment.compiler import SEGMENT_STORAGE


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[App]:
    with App(*getattr(request, "param", ())) as running:
        yield running


@pytest.fixture
def azure(tmp_path: Path, app: App) -> Azure:
    return Azure(tmp_path, app)


def _health(url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HEALTH_ATTEMPTS": "3", "HEALTH_PAUSE": "0"}
    return subprocess.run([HEALTH, url], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("app", [[[503, 200]]], indirect=True)
def test_the_health_check_waits_until_the_app_is_healthy(app: App) -> None:
    assert _health(app.url).returncode == 0
    assert app.asked == ["/api/health", "/api/health"]


@pytest.mark.parametrize("app", [[[503]]], indirect=True)
def test_an_app_that_stays_unhealthy_fails_and_its_answer_is_shown(app: App) -> None:
    result = _health(app.url)

    assert result.returncode == 1
    assert '{"status": "unavailable"}' in result.stderr
    assert len(app.asked) == 3


@pytest.mark.parametrize("app", [[[404]], [[500]]], indirect=True)
def test_an_error_of_the_host_is_told_by_its_status_alone(app: App) -> None:
    status = app.statuses[0]
    result = _health(app.url)

    assert result.returncode == 1
    assert f"{status} without a body: the host runs" in result.stderr


@pytest.mark.parametrize("app", [[[503, 200]]], indirect=True)
def test_a_deployment_makes_everything_and_ends_healthy(app: App, azure: Azure) -> None:
    result = azure.deploy("--parameter", "alwaysReadySenders=1")

    assert result.returncode == 0, result.stderr
    [create] = [call for call in azure.calls if call.startswith("deployment sub create")]
    # Azure keeps a deployment where it was first made.
    assert "--name segment-export-dev-westeurope" in create
    assert (
        "--parameters infra/parameters/dev.bicepparam --parameters alwaysReadySenders=1" in create
    )
    [upload] = [call for call in azure.calls if call.startswith("functionapp deployment source")]
    assert "--build-remote true" in upload
    assert f"--src {azure.package}" in upload
    names = ("rg-segment-export-dev", "func-segment-export", "kv-seg", "stseg")
    assert [name for name in names if name not in result.stdout] == []
    assert result.stdout.endswith(f"Done: {app.url}\n")


def test_a_package_that_is_built_already_goes_as_it_is(app: App, azure: Azure) -> None:
    with zipfile.ZipFile(azure.package, "w") as package:
        package.writestr(".python_packages/lib/site-packages/polars/__init__.py", "")

    result = azure.deploy()

    assert result.returncode == 0, result.stderr
    assert "/site/publish?RemoteBuild=false&Deployer=segment-export" in app.asked
    assert app.packages == [azure.package.read_bytes()]
    assert app.tokens == {"Bearer a-token"}
    assert "config-zip" not in str(azure.calls)
    assert "a-token" not in result.stdout + result.stderr + str(azure.calls)


@pytest.mark.parametrize("app", [[[200], [1, 3, 0, 4]]], indirect=True)
def test_a_package_that_the_platform_gives_up_is_sent_once_more(app: App, azure: Azure) -> None:
    with zipfile.ZipFile(azure.package, "w") as package:
        package.writestr(".python_packages/lib/site-packages/polars/__init__.py", "")

    result = azure.deploy()

    assert result.returncode == 0
    assert "ended the deployment with status 3" in result.stderr
    assert len(app.packages) == 2


@pytest.mark.parametrize("call", ["deployment sub create", "functionapp deployment source"])
def test_what_fails_while_roles_spread_is_tried_once_more(call: str, azure: Azure) -> None:
    azure.fails(call)

    result = azure.deploy()

    assert result.returncode == 0, result.stderr
    assert len([one for one in azure.calls if one.startswith(call)]) == 2


@pytest.mark.parametrize("call", ["deployment sub create", "functionapp deployment source"])
def test_what_fails_twice_fails(call: str, azure: Azure) -> None:
    azure.fails(call, says="(Forbidden) not this time either", times=2)

    result = azure.deploy()

    assert result.returncode == 1
    assert "not this time either" in result.stderr
    assert "Done" not in result.stdout


@pytest.mark.parametrize("app", [[[503, 200]]], indirect=True)
def test_the_health_check_decides_and_not_that_of_az(azure: Azure) -> None:
    """az gives an app a minute and a half; roles may need ten."""
    azure.fails(
        "functionapp deployment source",
        says="Deployment was successful but the app appears to be unhealthy.",
    )

    result = azure.deploy()

    assert result.returncode == 0
    assert len([call for call in azure.calls if "config-zip" in call]) == 1


@pytest.mark.parametrize("app", [[[503]]], indirect=True)
def test_a_deployment_without_a_healthy_app_fails(azure: Azure) -> None:
    result = azure.deploy()

    assert result.returncode == 1
    assert "Done" not in result.stdout


def test_a_deployment_without_functions_fails(azure: Azure) -> None:
    azure.set(functions="")

    result = azure.deploy()

    assert result.returncode == 1
    assert "has no functions" in result.stderr


def test_what_if_changes_nothing(azure: Azure) -> None:
    result = azure.deploy("--what-if")

    assert result.returncode == 0
    assert [call for call in azure.calls if " create " in call or " source " in call] == []
    assert any(call.startswith("deployment sub what-if") for call in azure.calls)


def test_from_first_deployment_to_the_one_after_removal(azure: Azure) -> None:
    assert azure.deploy().returncode == 0
    assert azure.deploy().returncode == 0
    assert azure.deploy("--parameter", "maximumInstanceCount=4").returncode == 0

    removed = azure.remove(answer="rg-segment-export-dev\n")
    assert removed.returncode == 0, removed.stderr
    assert (azure.state["there"], azure.state["removed"]) == ([], [])

    again = azure.deploy()
    assert again.returncode == 0, again.stderr
    assert "Taking back the vault" not in again.stdout


def test_a_vault_that_is_kept_is_taken_back(azure: Azure) -> None:
    azure.set(purge_protection=True)
    azure.deploy()

    removed = azure.remove("--yes")
    assert removed.returncode == 0
    assert "keeps its name for 90 days" in removed.stderr

    again = azure.deploy()
    assert again.returncode == 0, again.stderr
    assert "Taking back the vault kv-seg" in again.stdout
    # Once to take it back, once to bring it to what the files say.
    creates = [call for call in azure.calls if call.startswith("deployment sub create")]
    assert ["recoverVault=true" in call for call in creates] == [False, True, False]


def test_removal_tries_once_more_while_the_platform_holds_the_subnet(azure: Azure) -> None:
    azure.deploy()
    azure.fails("group delete", says="(InUseSubnetCannotBeDeleted)")

    result = azure.remove("--yes")

    assert result.returncode == 0
    assert azure.state["there"] == []


@pytest.mark.parametrize("answer", ["", "y\n", "rg-segment-export-prod\n"])
def test_nothing_is_removed_without_the_groups_name(answer: str, azure: Azure) -> None:
    azure.deploy()
    before = azure.state["there"]

    assert azure.remove(answer=answer).returncode == 1
    assert azure.state["there"] == before


def test_nothing_is_removed_while_there_is_a_lock(azure: Azure) -> None:
    azure.deploy()
    azure.set(locks="keep")
    before = azure.state["there"]

    result = azure.remove("--yes")

    assert result.returncode == 1
    assert "remove these locks" in result.stderr
    assert azure.state["there"] == before


def test_what_was_never_deployed_cannot_be_removed(azure: Azure) -> None:
    result = azure.remove("--yes")

    assert result.returncode == 1
    assert "there is no deployment segment-export-dev-westeurope" in result.stderr


@pytest.mark.parametrize("script", [DEPLOY, REMOVE])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--location", "westeurope"], "--environment is missing"),
        (["--environment", "dev"], "--location is missing"),
        (["--environment", "dev", "--location", "x"], "--segment-storage is missing"),
        (
            ["--environment", "dev", "--location", "x", "--segment-storage", "stdata"],
            "must be a resource id",
        ),
        (
            ["--environment", "none", "--location", "x", "--segment-storage", SEGMENT_STORAGE],
            "there is no infra/parameters/none.bicepparam",
        ),
        (["--enviroment", "dev"], "unknown argument: --enviroment"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_does_nothing(
    script: Path, arguments: list[str], message: str, azure: Azure
) -> None:
    result = azure.run(script, *arguments)

    assert result.returncode == 1
    assert message in result.stderr
    assert azure.calls == []
