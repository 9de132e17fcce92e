"""Every kind of mistake in the templates is caught by what `make test` runs, or is listed."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.campaigns.azure.mistakes import COMPILER, MISTAKES, NOT_CAUGHT, Mistake
from tests.deployment import accepted, again, app_settings, bicep, consistent, security
from tests.deployment.compiler import Compiler


def _problems(compiler: Compiler, infra: Path, seen_in: str) -> Iterator[str]:
    """Yield what the tests of the deployment mind of a copy of infra/."""
    if seen_in == COMPILER:
        yield from compiler.compile(infra / "main.bicep").complaints
        return
    check, _, way = seen_in.partition(" ")
    template = compiler.compile(infra / "main.bicep").template
    match check:
        case "again":
            yield from again.problems(template, bicep.deployed(compiler, "defaults", infra))
        case "security":
            yield from security.in_template(template)
            yield from security.deployed(bicep.deployed(compiler, way or "defaults", infra))
        case "settings":
            yield from app_settings.problems(bicep.deployed(compiler, "entra", infra))
        case _:
            found = bicep.deployed(compiler, check, infra)
            yield from chain(accepted.problems(found), consistent.problems(found))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.kind)
def test_a_mistake_is_caught(mistake: Mistake, bicep_compiler: Compiler, tmp_path: Path) -> None:
    infra = bicep.with_mistake(tmp_path, mistake.path, mistake.right, mistake.wrong)
    try:
        found = list(_problems(bicep_compiler, infra, mistake.seen_in))
    except ValueError as error:
        # Nothing could be worked out at all.
        found = [str(error)]

    print(f"{mistake.kind}: {found[0] if found else 'NOT CAUGHT'}")
    assert found


@pytest.mark.parametrize("seen_in", sorted({mistake.seen_in for mistake in MISTAKES}))
def test_without_a_mistake_nothing_is_said(seen_in: str, bicep_compiler: Compiler) -> None:
    assert list(_problems(bicep_compiler, bicep.INFRA, seen_in)) == []


def test_there_are_as_many_kinds_as_were_found_and_each_is_there_once() -> None:
    kinds = [mistake.kind for mistake in MISTAKES]
    print(f"{len(kinds)} kinds of mistakes are caught, {len(NOT_CAUGHT)} are listed")

    assert len(kinds) == len(set(kinds)) >= 37
    assert not set(kinds) & NOT_CAUGHT.keys()
