"""What Mailchimp showed of a contact's values, as a number: compared later with what it shows then.

Values as they are sent say nothing: Mailchimp writes dates, phones and numbers in its own way. The
same code makes the number of an answer and of a later reading, so that only changes differ.
"""

from collections.abc import Iterable, Mapping
from zlib import crc32

UNKNOWN = 0


def digest_of(member: Mapping[str, object], fields: Iterable[tuple[str, str]]) -> int:
    """Return the digest of these merge fields of a contact, UNKNOWN where it shows none.

    fields: what the export calls each, and what Mailchimp calls it now. Stored in ledgers (32
    bits): changes of it need another column.
    """
    held = member.get("merge_fields")
    if not isinstance(held, Mapping):
        return UNKNOWN
    texts = [f"{given}\x1e{_text(held.get(called))}" for given, called in fields]
    texts.sort()
    return crc32("\x1f".join(texts).encode()) or 1


def _text(value: object) -> str:
    """Write a value so that one that is written in another type stays the same."""
    match value:
        case str():
            return value.strip()
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case Mapping():
            parts = ((str(name), _text(part)) for name, part in value.items())
            return "\x1d".join(f"{name}\x1c{text}" for name, text in sorted(parts) if text)
        case _:
            return str(value)
