"""The data privacy terms that a connection needs consent to: one version, in several languages."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

ENGLISH = "en"
_FOLDER = Path(__file__).with_name("terms_texts")


@dataclass(frozen=True)
class Terms:
    """The text in one language; its second line ends with the version."""

    language: str
    text: str

    @property
    def version(self) -> str:
        """The version; a changed text needs a new one, in every language."""
        return self.text.splitlines()[1].split()[-1]


def terms_in(language: str) -> Terms:
    """Return the terms in a language, by its tag (hr, hr-HR, zh-Hans); else in English."""
    known = terms_languages()
    wanted = language.strip().lower()
    exact = [tag for tag in known if tag.lower() == wanted]
    primary = [tag for tag in known if tag.partition("-")[0] == wanted.partition("-")[0]]
    return _read([*exact, *primary, ENGLISH][0])


def terms_version() -> str:
    """Return the version that all languages have."""
    return _read(ENGLISH).version


@cache
def terms_languages() -> tuple[str, ...]:
    """Return the tags of the languages that the terms are there in, English first."""
    found = {path.stem for path in _FOLDER.glob("*.md")} - {ENGLISH}
    return (ENGLISH, *sorted(found))


@cache
def _read(language: str) -> Terms:
    return Terms(language, (_FOLDER / f"{language}.md").read_text(encoding="utf-8"))
