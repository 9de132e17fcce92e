"""What is sent of profiles besides merge fields: their language, and their proof of consent."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import polars as pl

from shared.audiences.answer_ids import member_of, permission_of
from shared.exports.models import Export
from shared.exports.more import ProofOfConsent
from shared.frames.masks import MASK
from shared.mailchimp.languages import language_code
from shared.mailchimp.proof import UnusableError, read_address, read_time
from shared.mailchimp.values import LeftOut, clean, left_out
from shared.platform.clock import utc_now

# What Mailchimp calls the members of a proof.
_PROOF = {
    "opted_in_at": "timestamp_opt",
    "opt_in_ip": "ip_opt",
    "signed_up_at": "timestamp_signup",
    "signup_ip": "ip_signup",
}
# The columns that a profile has of this, where its export asks for it.
PROFILE_COLUMNS = ("language", "yes", "no")


@dataclass(frozen=True)
class Read:
    """What some profiles hold: see PROFILE_COLUMNS, and of each its proof as JSON, null for none.

    left_out: by member of the export and reason.
    """

    frame: pl.DataFrame
    proofs: pl.Series
    left_out: dict[str, dict[str, LeftOut]]


class MoreValues:
    """Reads what an export asks for besides merge fields; `columns`: what it reads that from."""

    def __init__(
        self, export: Export, now: datetime | None = None, interests: Sequence[str] = ()
    ) -> None:
        """`now`: aware; a later time is in the future. interests: ids by their bits."""
        self._bits = {id_: bit for bit, id_ in enumerate(interests)}
        self._answered = export.answers
        self._language = export.language_field
        self._proof = export.proof_of_consent
        self._now = now or utc_now()

    @property
    def is_asked_for(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        named = [self._language] if self._language else []
        named += [one.field for one in self._answered.values()]
        return tuple(
            dict.fromkeys([*named, *(self._proof.columns.values() if self._proof else ())])
        )

    def read(self, profiles: pl.DataFrame) -> Read:
        """Read some profiles."""
        lost: dict[str, dict[str, LeftOut]] = {}
        columns: list[pl.Series] = []
        if self._language:
            languages = _read(clean(profiles[self._language]), _language, "language_field", lost)
            columns.append(languages.alias("language"))
        if self._answered:
            columns += self._answers(profiles, lost)
        proofs = pl.repeat(None, profiles.height, dtype=pl.String, eager=True)
        if self._proof:
            proofs = self._proofs(profiles, self._proof, lost)
        return Read(pl.DataFrame(columns), proofs, lost)

    def _answers(
        self, profiles: pl.DataFrame, lost: dict[str, dict[str, LeftOut]]
    ) -> list[pl.Series]:
        """Return the masks of what is answered with yes, and with no."""
        masks = {name: pl.zeros(profiles.height, dtype=MASK, eager=True) for name in ("yes", "no")}
        for id_, wanted in self._answered.items():
            text = clean(profiles[wanted.field])
            if id_ not in self._bits:
                gone = text.drop_nulls()
                if gone.len():
                    reason = "interest_gone" if permission_of(id_) is None else "permission_gone"
                    lost[member_of(id_)] = {reason: LeftOut(gone.len())}
                continue
            values = [value.strip().lower() for value in wanted.values]
            says_yes = text.str.to_lowercase().is_in(values).fill_null(False)
            says_no = text.is_not_null() & ~says_yes
            bit = pl.Series([1 << self._bits[id_]], dtype=MASK)
            for name, says in (("yes", says_yes), ("no", says_no)):
                masks[name] = masks[name] | (says.cast(MASK) * bit)
        return [mask.alias(name) for name, mask in masks.items()]

    def _proofs(
        self,
        profiles: pl.DataFrame,
        proof: ProofOfConsent,
        lost: dict[str, dict[str, LeftOut]],
    ) -> pl.Series:
        found = {
            _PROOF[member]: _read(
                clean(profiles[column]), self._reader(member), f"proof_of_consent.{member}", lost
            ).to_list()
            for member, column in proof.columns.items()
        }

        def texts() -> Iterator[str | None]:
            for values in zip(*found.values(), strict=True):
                given = {name: value for name, value in zip(found, values, strict=True) if value}
                yield json.dumps(given, separators=(",", ":")) if given else None

        return pl.Series("proof", list(texts()), dtype=pl.String)

    def _reader(self, member: str) -> Callable[[str], str]:
        return partial(read_time, now=self._now) if member.endswith("_at") else read_address


def _language(text: str) -> str:
    code = language_code(text)
    if code is None:
        raise UnusableError("language_unknown")
    return code


def _read(
    texts: pl.Series,
    reader: Callable[[str], str],
    member: str,
    lost: dict[str, dict[str, LeftOut]],
) -> pl.Series:
    """Return what each text is read as, null for blanks and for what is left out and counted."""
    known: dict[str, str] = {}
    why: dict[str, str] = {}
    for text in texts.drop_nulls().unique(maintain_order=True):
        try:
            known[text] = reader(text)
        except UnusableError as error:
            why[text] = error.code
    read = texts.replace_strict(known, default=None, return_dtype=pl.String)
    if why:
        dropped = texts.filter(texts.is_not_null() & read.is_null())
        codes = dropped.replace_strict(why, return_dtype=pl.String)
        lost[member] = left_out(dropped, codes)
    return read
