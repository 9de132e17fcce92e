"""Whatever the API tells people by a code, the console says in its own words."""

import json
import re

import pytest

from shared.http.openapi import document
from shared.http.told_codes import KINDS
from tests.unit.console.test_languages import CONSOLE

TEXTS = json.loads((CONSOLE / "languages" / "en.json").read_text("utf-8"))
# Members that the console adds to what it is told.
OWN = {"message"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_has_a_text_that_asks_for_no_more_than_the_api_says(kind: str) -> None:
    for code, params in KINDS[kind].items():
        assert f"{kind}.{code}" in TEXTS, code
        for key in (f"{kind}.{code}", f"{kind}.{code}.do"):
            asked = set(re.findall(r"\{(\w+)\}", str(TEXTS.get(key, ""))))
            assert asked <= {*params, *OWN}, key


def test_the_codes_and_their_params_are_in_the_description() -> None:
    listed = document("keys")["x-codes"]

    assert listed["warning"]["values_cut"] == ["field", "count"]
    assert set(listed) == set(KINDS)
