"""The console's languages: complete, with every plural, and in the words of Microsoft's pages."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONSOLE = ROOT / "console"
WORDS_PAGE = ROOT.parent / "shared" / "console.md"
LANGUAGES = ("en", "hr", "lv", "zh-CN", "kk", "id")
PLURALS = {"en": {"one", "other"}, "hr": {"one", "few", "other"}, "lv": {"zero", "one", "other"}}
# Where the console says what the table's first column says.
WORDS: Mapping[str, tuple[str, ...]] = {
    "Connections": ("nav.connections",),
    "Add connection": ("connection.add",),
    "Display name": ("field.display_name",),
    "I agree": ("terms.agree",),
    "Data privacy and compliance": ("terms.title",),
    "Connect": ("connection.connect",),
    "Save": ("action.save",),
    "Exports": ("nav.exports",),
    "Connection for export": ("field.connection", "export.connection"),
    "Mailchimp audience ID": ("field.audience_id",),
    "Data matching": ("form.fields",),
    "Email": ("field.email_field",),
    "First name": ("field.first_name",),
    "Last name": ("field.last_name",),
    "Add attribute": ("field.add",),
    "Segments": ("nav.segments", "field.segments"),
    "Customer profile": ("field.profile",),
    "Run · Run all": ("action.run", "action.run_all"),
    "Edit": ("action.edit",),
    "Remove": ("action.remove",),
    "Scheduled refresh": ("schedule.refresh",),
    "Administrator · Contributor · Viewer": (
        "role.administrator",
        "role.contributor",
        "role.viewer",
    ),
}

# The stem of the table's word for an audience: another word would be another thing.
AUDIENCE = {"hr": "ciljn", "lv": "auditori", "zh-CN": "受众", "kk": "аудитори", "id": "audiens"}

type Texts = dict[str, str | dict[str, str]]


def _texts(language: str) -> Texts:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({name for name, _ in pairs}) == len(pairs), "a key is there twice"
        return dict(pairs)

    file = CONSOLE / "languages" / f"{language}.json"
    texts: Texts = json.loads(file.read_text("utf-8"), object_pairs_hook=once)
    return texts


def _forms(text: str | dict[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def _holes(text: str | dict[str, str]) -> set[str]:
    return {hole for form in _forms(text) for hole in re.findall(r"\{\w+\}", form)}


def _scripts() -> Iterator[str]:
    for path in sorted(CONSOLE.rglob("*.js")):
        if "vendor" not in path.parts:
            yield path.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_and_says_the_same_names(language: str) -> None:
    english, texts = _texts("en"), _texts(language)

    assert set(texts) == set(english)
    for key, text in texts.items():
        assert _holes(text) == _holes(english[key]), key
        assert all(form.strip() == form and form for form in _forms(text)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_every_form_of_the_language(language: str) -> None:
    wanted = PLURALS.get(language)
    english = _texts("en")
    for key, text in _texts(language).items():
        if isinstance(text, dict):
            assert set(text) == wanted, key
        elif isinstance(english[key], dict):
            assert wanted is None, f"{key} has forms in this language"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_the_words_are_those_of_the_product_that_people_know(language: str) -> None:
    if not WORDS_PAGE.is_file():
        pytest.skip("the page with the words is not beside this checkout")
    table = re.findall(
        r"^\| (.+) \|$", WORDS_PAGE.read_text("utf-8").partition("## Languages")[2], re.M
    )
    rows = [line.split(" | ") for line in table if not set(line) <= set("|- ")]
    column = rows[0].index(language)
    texts = _texts(language)
    seen = set()
    for row in rows[1:]:
        if row[0] not in WORDS:
            continue
        seen.add(row[0])
        wanted = row[column].split(" · ") if "·" in row[0] else [row[column]]
        keys = WORDS[row[0]]
        if len(wanted) != len(keys):
            wanted = wanted * len(keys)
        for word, key in zip(wanted, keys, strict=True):
            assert word == "\N{EN DASH}" or texts[key] == word, key
    assert seen == set(WORDS)


def test_no_text_is_kept_that_nothing_shows() -> None:
    code = "\n".join(_scripts())
    made = {match.split("${")[0] for match in re.findall(r"(?:t|find)\(`([^`]*)`", code)}
    # `textOf(kind, …)` and `adviceOf(kind, …)` make keys of the kinds of codes.
    kinds = set(re.findall(r'(?:textOf|adviceOf)\("(\w+)"', code)) | {"problem", "field"}
    prefixes = {*made, *(f"{kind}." for kind in kinds)} - {""}
    for key in _texts("en"):
        assert f'"{key}"' in code or key.startswith(tuple(prefixes)), key


def test_every_code_of_an_outcome_can_be_said() -> None:
    from shared.runs.codes import CODES

    texts = _texts("en")
    for code in CODES:
        assert f"outcome.{code}" in texts, code


@pytest.mark.parametrize("language", AUDIENCE)
def test_an_audience_is_called_by_one_word_in_each_language(language: str) -> None:
    texts = _texts(language)

    others = {
        key: texts[key]
        for key, english in _texts("en").items()
        if "audience" in " ".join(_forms(english)).lower()
        and AUDIENCE[language] not in " ".join(_forms(texts[key])).lower()
    }

    assert others == {}
