"""A search through every blob of the app, the way somebody would who wants to find a person."""

import io
import zlib
from collections.abc import Iterator

import polars as pl
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from local.stack import Stack


def traces_of(stack: Stack, *texts: str) -> dict[str, str]:
    """Which blobs of the app name any of these texts: in their names, metadata or contents."""
    with BlobServiceClient.from_connection_string(stack.azurite.connection_string) as service:
        container = service.get_container_client("segment-export")
        found = {}
        for blob in container.list_blobs(include=["metadata"]):
            try:
                data = container.download_blob(blob.name).readall()
            except ResourceNotFoundError:
                continue  # A run went on meanwhile.
            forms = [blob.name.encode(), repr(blob.metadata).encode(), *_forms(data)]
            for text in texts:
                if any(text.lower().encode() in form.lower() for form in forms):
                    found[blob.name] = text
        return found


def _forms(data: bytes) -> Iterator[bytes]:
    yield data
    if data[:2] == b"\x1f\x8b":
        yield from _unzipped(data)
    if data[:4] == b"PAR1":
        yield pl.read_parquet(io.BytesIO(data)).write_ndjson().encode()


def _unzipped(data: bytes) -> Iterator[bytes]:
    """Every member of a gzip file, with whatever lies between and behind them."""
    while data:
        reader = zlib.decompressobj(wbits=31)
        yield reader.decompress(data)
        data = reader.unused_data.lstrip(b"\0")
