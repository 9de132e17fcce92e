"""Taking some bytes out of a blob without uploading the rest of it again.

A large block blob is a list of blocks. Those that stay as they are are named in the new list, and
only what is left of the others goes out (https://learn.microsoft.com/rest/api/storageservices/
put-block-list).
"""

import secrets
from collections.abc import Sequence

from azure.core import MatchConditions
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings

# Begin and end, in ascending order and apart from each other.
type Span = tuple[int, int]


def cut(
    client: BlobClient, data: bytes, etag: str, spans: Sequence[Span], content_type: str
) -> None:
    """Take spans out of a blob that was read as `data`, under the ETag that it had then."""
    only_this = MatchConditions.IfNotModified
    settings = ContentSettings(content_type=content_type)
    blocks, _ = client.get_block_list("committed")
    if sum(block.size for block in blocks) != len(data):
        # A small one has no blocks, or it has been written since, which the ETag shows.
        left = b"".join(kept(data, 0, len(data), spans))
        client.upload_blob(
            left, overwrite=True, content_settings=settings, etag=etag, match_condition=only_this
        )
        return
    new, begin = [], 0
    for block in blocks:
        end = begin + block.size
        pieces = kept(data, begin, end, spans)
        if pieces == [data[begin:end]]:
            new.append(BlobBlock(block.id))
        elif left := b"".join(pieces):
            # The ids of a blob's blocks are of one length.
            name = secrets.token_hex(len(block.id))[: len(block.id)]
            client.stage_block(name, left)
            new.append(BlobBlock(name))
        begin = end
    client.commit_block_list(new, content_settings=settings, etag=etag, match_condition=only_this)


def kept(data: bytes, begin: int, end: int, spans: Sequence[Span]) -> list[bytes]:
    """Return what is left between two places, in pieces that are not empty."""
    pieces, place = [], begin
    for first, last in (*spans, (end, end)):
        piece = data[place : min(max(first, place), end)]
        if piece:
            pieces.append(piece)
        place = min(max(place, last), end)
    return pieces
