"""The tags that this product made in an audience: `ledgers/{account}/{audience}/tags.json`."""

from shared.audiences.names import audience_folder
from shared.platform.blobs import Blobs
from shared.platform.clock import to_text, utc_now


def owned_tags(blobs: Blobs, account: str, audience: str) -> dict[str, int | None]:
    """Return name and id of the tags that this product made.

    The id is None where the creation was begun and its answer is not known.
    """
    found = blobs.read_document(_name(account, audience))
    tags = found[0]["tags"] if found else {}
    return {name: tag["id"] for name, tag in tags.items()}


def own_tag(
    blobs: Blobs, account: str, audience: str, *, name: str, id_: int | None, export: str
) -> None:
    """Remember a tag that an export makes; its id follows once Mailchimp has said it."""
    entry = {"id": id_, "export": export, "created_at": to_text(utc_now())}
    blob = _name(account, audience)
    blobs.create_document(blob, {"tags": {}})
    blobs.update_document(blob, lambda d: {**d, "tags": {**d["tags"], name: entry}})


def _name(account: str, audience: str) -> str:
    return f"{audience_folder(account, audience)}tags.json"
