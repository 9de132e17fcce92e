"""Every az command that people or scripts run is one that azure-cli takes."""

from pathlib import Path

from tests.campaigns.azure import commands
from tests.campaigns.azure.tools import az_complaints
from tests.deployment.azure import App, Azure


def _check(found: list[tuple[str, list[str]]]) -> list[str]:
    said = az_complaints(arguments for _, arguments in found)
    return [
        f"{place}: az {' '.join(arguments)}: {complaint}"
        for (place, arguments), complaint in zip(found, said, strict=True)
        if complaint
    ]


def test_every_command_of_the_pages_and_workflows_is_taken(tmp_path: Path) -> None:
    found = [
        (place, arguments)
        for number, (place, text) in enumerate(commands.texts())
        for arguments in commands.run_by_shell(text, tmp_path / str(number))
    ]
    print(f"{len(found)} commands in {len({place for place, _ in found})} pages")

    assert len(found) > 40
    assert _check(found) == []


def test_no_command_is_lost_on_the_way_to_the_parser(tmp_path: Path) -> None:
    """As many as a person counts in the same text."""
    for number, (place, text) in enumerate(commands.texts()):
        counted = len([line for line in text.splitlines() if _starts_az(line)])
        found = commands.run_by_shell(text, tmp_path / str(number))
        assert len(found) >= counted, (place, text)


def _starts_az(line: str) -> bool:
    return line.strip().startswith("az ") or '"$(az ' in line


def test_every_command_of_a_whole_life_is_taken(tmp_path: Path) -> None:
    """Deploy, deploy again, change a parameter, remove, deploy again, in both kinds of package."""
    with App() as app:
        azure = Azure(tmp_path, app)
        assert azure.deploy("--what-if").returncode == 0
        assert azure.deploy().returncode == 0
        assert azure.deploy().returncode == 0
        assert azure.deploy("--parameter", "maximumInstanceCount=4").returncode == 0
        azure.set(purge_protection=True)
        assert azure.remove("--yes").returncode == 0
        azure.package.write_bytes(b".python_packages/lib/site-packages")
        assert azure.deploy().returncode == 0
    called = azure.state["calls"]
    print(f"{len(called)} commands")

    assert len({" ".join(arguments[:3]) for arguments in called}) > 12
    assert _check([("scripts", arguments) for arguments in called]) == []


def test_a_mistake_is_seen() -> None:
    wrong = [
        ["ad", "app", "update", "--id", "1", "--token-version", "2"],
        ["functionapp", "deployment", "source", "config-zip", "--name", "a", "--src", "b"],
        ["keyvualt", "list"],
        ["lock", "create", "--name", "keep", "--lock-type", "Never", "--resource-group", "g"],
    ]

    assert all(az_complaints(wrong))
