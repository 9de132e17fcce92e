"""Blobs of one container: documents with ETags, streams, leases, append blobs."""

import contextlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import batched
from typing import IO, Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ResourceNotModifiedError,
)
from azure.storage.blob import (
    BlobLeaseClient,
    BlobProperties,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    generate_blob_sas,
)

from shared.platform.clock import utc_now
from shared.platform.cuts import Span, cut
from shared.platform.errors import CloudError, asking_cloud, drop_frames
from shared.platform.forms import Forms

Document = dict[str, Any]
# Documents that are read at once, and how many are at most in the memory before they are asked for.
_READERS = 16
_READ_AHEAD = 128
# Answers of status 409 that no other version of the blob explains.
_ARCHIVED = ("BlobArchived", "BlobBeingRehydrated")


class BlobConflictError(Exception):
    """Somebody else wrote the blob, holds its lease or has taken ours."""


class BlobMissingError(Exception):
    """There is no blob of this name."""


class BlobRefusedError(Exception):
    """Storage will not give the blob's content, whenever it is asked; `code` is its own word."""

    def __init__(self, code: str) -> None:
        super().__init__(f"storage refuses it ({code})")
        self.code = code


class BlobArchivedError(Exception):
    """The blob is in the archive tier, or on its way out of it: nobody can read it now."""


@dataclass(frozen=True)
class BlobInfo:
    """What a listing tells of a blob; `size` in bytes, `leased` at the time of the listing."""

    name: str
    size: int
    etag: str
    modified: datetime
    leased: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Lease:
    """The right to a blob for a while; renew it well before it ends."""

    name: str
    id: str
    _client: BlobLeaseClient

    def renew(self, seconds: float = 5.0) -> None:
        """Renew it; raises BlobConflictError when it is no longer ours.

        Tried once, and given up after so many seconds: a call that is never answered must leave
        time for others.
        """
        with _conflicts():
            self._client.renew(
                timeout=math.ceil(seconds),
                connection_timeout=seconds,
                read_timeout=seconds,
                retry_total=0,
            )

    def release(self) -> None:
        """Give the blob back; a lease that is gone already is no error."""
        try:
            with asking_cloud():
                self._client.release()
        except HttpResponseError as error:
            if error.status_code not in (404, 409, 412):
                raise


class Blobs:
    """One container. All names are relative to it."""

    def __init__(
        self,
        container: ContainerClient,
        service: BlobServiceClient | None = None,
        forms: Forms | None = None,
    ) -> None:
        """`service` is needed for signed URLs where the account is reached by identity.

        `forms`: of the documents and tables, in a container that this app writes.
        """
        self._container = container
        self._service = service
        self._forms = forms

    @property
    def forms(self) -> Forms:
        """The forms of this container's documents and tables."""
        if self._forms is None:
            raise ValueError("no documents are kept in this container")
        return self._forms

    def ensure_container(self) -> None:
        """Create the container where it is missing."""
        with contextlib.suppress(ResourceExistsError), asking_cloud():
            self._container.create_container()

    def exists(self, name: str) -> bool:
        """Return whether there is such a blob."""
        return self.info(name) is not None

    def info(self, name: str) -> BlobInfo | None:
        """Return the blob's properties and metadata, or None where there is none."""
        try:
            with asking_cloud():
                return _info(self._container.get_blob_client(name).get_blob_properties())
        except ResourceNotFoundError:
            return None

    def read(self, name: str) -> bytes:
        """Return the whole blob; raises BlobMissingError."""
        return self.read_with_etag(name)[0]

    def read_with_etag(self, name: str) -> tuple[bytes, str]:
        """Return the whole blob and its ETag; raises BlobMissingError."""
        try:
            with asking_cloud():
                stream = self._container.download_blob(name)
                return stream.readall(), _quoted(stream.properties.etag)
        except ResourceNotFoundError:
            raise BlobMissingError(name) from None

    def read_unless(self, name: str, etag: str | None) -> tuple[bytes, str] | None:
        """Return the whole blob and its ETag, None where it is still this version.

        Raises BlobMissingError.
        """
        if etag is None:
            return self.read_with_etag(name)
        try:
            with asking_cloud():
                stream = self._container.download_blob(
                    name, etag=etag, match_condition=MatchConditions.IfModified
                )
                return stream.readall(), _quoted(stream.properties.etag)
        except (ResourceNotModifiedError, ResourceModifiedError):
            # The SDK names the status 304 by the one error or the other.
            return None
        except ResourceNotFoundError:
            raise BlobMissingError(name) from None

    def read_newer(
        self, name: str, known: BlobInfo | None, largest: int
    ) -> tuple[BlobInfo, bytes | None] | None:
        """Return a blob as it is now, with its bytes where it is not the known version.

        Not those of a blob of more than `largest` bytes. None where there is none.
        """
        conditions: dict[str, Any] = {}
        if known is not None:
            conditions = {"etag": known.etag, "match_condition": MatchConditions.IfModified}
        try:
            with asking_cloud():
                stream = self._container.download_blob(name, **conditions)
                info = replace(_info(stream.properties), name=name)
                return info, stream.readall() if info.size <= largest else None
        except (ResourceNotModifiedError, ResourceModifiedError):
            if known is None:
                raise
            return known, None
        except ResourceNotFoundError:
            return None

    def read_range(self, name: str, offset: int, length: int, etag: str | None = None) -> bytes:
        """Return `length` bytes from `offset`; raises BlobMissingError, BlobConflictError."""
        return b"".join(self.stream(name, offset=offset, length=length, etag=etag))

    def stream(
        self, name: str, *, offset: int = 0, length: int | None = None, etag: str | None = None
    ) -> Iterator[bytes]:
        """Yield the blob piece by piece; with an ETag, fail when it has been rewritten."""
        conditions: dict[str, Any] = {}
        if etag is not None:
            conditions = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        with _conflicts(), _reading():
            download = self._container.get_blob_client(name).download_blob(
                offset=offset if length is not None or offset else None,
                length=length,
                **conditions,
            )
            yield from download.chunks()

    def read_document(self, name: str) -> tuple[Document, str] | None:
        """Return a JSON document and its ETag, or None where there is none.

        It comes in its present form; raises FormError.
        """
        try:
            data, etag = self.read_with_etag(name)
        except BlobMissingError:
            return None
        return self.forms.from_store(name, json.loads(data)), etag

    def read_documents(self, names: Iterable[str]) -> Iterator[Document]:
        """Yield JSON documents in the order of their names here; those that are gone are left out.

        Many are read at once, but never much further than what is taken: there may be thousands.
        """
        with ThreadPoolExecutor(_READERS, thread_name_prefix="documents") as readers:
            for some in batched(names, _READ_AHEAD, strict=False):
                for found in readers.map(self.read_document, some):
                    if found is not None:
                        yield found[0]

    def create_document(
        self, name: str, document: Document, metadata: dict[str, str] | None = None
    ) -> str | None:
        """Write a document unless there is one already; return its ETag, None where there is.

        A repeated request whose first answer was lost finds its own document: documents that
        are created so hold an id of their own.
        """
        try:
            data = self._to_json(name, document)
            return self.write(name, data, create=True, metadata=metadata)
        except BlobConflictError:
            found = self.read_document(name)
            return found[1] if found is not None and found[0] == document else None

    def write_document(self, name: str, document: Document, etag: str | None = None) -> str:
        """Write a document, with an ETag only over that version (BlobConflictError)."""
        return self.write(name, self._to_json(name, document), etag=etag)

    def _to_json(self, name: str, document: Document) -> bytes:
        stored = self.forms.to_store(name, document)
        return json.dumps(stored, ensure_ascii=False, separators=(",", ":")).encode()

    def replace_document(self, name: str, document: Document, etag: str | None) -> str:
        """Write a document over the version with this ETag, or where there is none yet.

        Raises BlobConflictError.
        """
        if etag is not None:
            return self.write_document(name, document, etag)
        created = self.create_document(name, document)
        if created is None:
            raise BlobConflictError("written by somebody else")
        return created

    def update_document(
        self, name: str, change: Callable[[Document], Document | None]
    ) -> Document | None:
        """Read, change and write a document until nobody came between.

        `change` gets a copy and returns what to write, or None to leave it. Returns what is
        stored at the end, None where there is no such document.
        """
        while True:
            found = self.read_document(name)
            if found is None:
                return None
            before, etag = found
            after = change(json.loads(json.dumps(before)))
            if after is None or after == before:
                return before
            try:
                self.write_document(name, after, etag)
                return after
            except BlobConflictError:
                continue

    def write(
        self,
        name: str,
        data: bytes | Iterable[bytes] | IO[bytes],
        *,
        etag: str | None = None,
        create: bool = False,
        metadata: dict[str, str] | None = None,
        content_type: str | None = None,
    ) -> str:
        """Write a blob and return its ETag; raises BlobConflictError for `etag` and `create`."""
        conditions: dict[str, Any] = {"overwrite": not create}
        if etag is not None:
            conditions |= {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        with _conflicts():
            answer = self._container.get_blob_client(name).upload_blob(
                data, metadata=_written(metadata), **conditions, **_content(content_type)
            )
        return _quoted(answer["etag"])

    def cut(
        self, name: str, data: bytes, etag: str, spans: Sequence[Span], *, content_type: str
    ) -> None:
        """Take spans of bytes out of the version that was read as `data`; uploads little else.

        Raises BlobConflictError, BlobMissingError.
        """
        with _conflicts():
            cut(self._container.get_blob_client(name), data, etag, spans, content_type)

    def signed_url(self, name: str, minutes: float, download_name: str) -> str:
        """Return a URL that whoever has it may read the blob with for some minutes."""
        client = self._container.get_blob_client(name)
        now = utc_now()
        begin, end = now - timedelta(minutes=5), now + timedelta(minutes=minutes)
        key: dict[str, Any] = {}
        if account_key := getattr(self._container.credential, "account_key", None):
            key["account_key"] = account_key
        elif self._service is not None:
            key["user_delegation_key"] = self._service.get_user_delegation_key(begin, end)
        signature = generate_blob_sas(
            # A client of a container takes it for the account's where the URL has the account in
            # its path, as an emulator's has.
            account_name=(self._service or client).account_name or "",
            container_name=client.container_name,
            blob_name=name,
            permission=BlobSasPermissions(read=True),
            start=begin,
            expiry=end,
            content_disposition=f'attachment; filename="{download_name}"',
            # Nobody on the way reads along; an emulator may have nothing but http.
            protocol="https" if client.url.startswith("https:") else None,
            **key,
        )
        return f"{client.url}?{signature}"

    def delete(self, name: str, etag: str | None = None) -> bool:
        """Delete a blob; False where there was none. With an ETag only that version."""
        conditions: dict[str, Any] = {}
        if etag is not None:
            conditions = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            with _conflicts():
                self._container.get_blob_client(name).delete_blob(**conditions)
        except BlobMissingError:
            return False
        return True

    def delete_all(self, prefix: str) -> None:
        """Delete every blob whose name begins so."""
        for info in self.list(prefix):
            self.delete(info.name)

    def list(self, prefix: str, *, metadata: bool = False) -> Iterator[BlobInfo]:
        """Yield the blobs whose names begin so, in the order of their names."""
        include = ["metadata"] if metadata else None
        with asking_cloud():
            for blob in self._container.list_blobs(name_starts_with=prefix, include=include):
                yield _info(blob)

    def level(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs right below a prefix that ends in a slash, sorted by name."""
        with asking_cloud():
            for item in self._container.walk_blobs(name_starts_with=prefix, delimiter="/"):
                if isinstance(item, BlobProperties):
                    yield _info(item)

    def entries(self, prefix: str) -> tuple[Sequence[str], Sequence[BlobInfo]]:
        """Return what lies right below a prefix that ends in a slash: folders' names, and blobs."""
        folders: list[str] = []
        blobs: list[BlobInfo] = []
        with asking_cloud():
            for item in self._container.walk_blobs(name_starts_with=prefix, delimiter="/"):
                if isinstance(item, BlobProperties):
                    blobs.append(_info(item))
                else:
                    folders.append(item.name[len(prefix) :].rstrip("/"))
        return folders, blobs

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the next level below a prefix that ends in a slash."""
        with asking_cloud():
            for item in self._container.walk_blobs(name_starts_with=prefix, delimiter="/"):
                if item.name.endswith("/"):
                    yield item.name[len(prefix) :].rstrip("/")

    def lease(self, name: str, seconds: int, etag: str | None = None) -> Lease | None:
        """Take a blob's lease for 15 to 60 seconds; None where somebody holds it.

        With an ETag None, too, where it has been written since. Raises BlobMissingError.
        """
        client = BlobLeaseClient(self._container.get_blob_client(name))
        conditions: dict[str, Any] = {}
        if etag is not None:
            conditions = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            with _conflicts():
                client.acquire(lease_duration=seconds, **conditions)
        except BlobConflictError:
            return None
        return Lease(name, client.id, client)

    def create_append(self, name: str, metadata: dict[str, str] | None = None) -> str | None:
        """Create an empty append blob and return its ETag; None where there is a blob already."""
        client = self._container.get_blob_client(name)
        try:
            with _conflicts():
                answer = client.create_append_blob(
                    metadata=metadata, match_condition=MatchConditions.IfMissing
                )
        except BlobConflictError:
            return None
        return _quoted(answer["etag"])

    def append(self, name: str, data: bytes, *, position: int, lease: Lease) -> int:
        """Append one block at `position` under a lease; return the new length.

        A repeated request whose first answer was lost finds its own block and succeeds. Raises
        BlobConflictError when the lease is lost or somebody else has written.
        """
        client = self._container.get_blob_client(name)
        try:
            with _conflicts():
                client.append_block(data, appendpos_condition=position, lease=lease.id)
        except BlobConflictError:
            lease.renew()
            here = self.info(name)
            if here is None or here.size != position + len(data):
                raise
            if self.read_range(name, position, len(data)) != data:
                raise
        return position + len(data)

    def set_metadata(self, name: str, metadata: dict[str, str], lease: Lease | None = None) -> None:
        """Replace a blob's metadata; raises BlobConflictError when the lease is lost."""
        with _conflicts():
            self._container.get_blob_client(name).set_blob_metadata(
                _written(metadata), lease=lease.id if lease else None
            )


class _conflicts:  # noqa: N801 - used like a function of contextlib
    """Turn the SDK's errors into this module's."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CloudError):
            drop_frames(error)
        match error:
            case ResourceNotFoundError():
                raise BlobMissingError("no such blob") from None
            case HttpResponseError() if _code(error) in _ARCHIVED:
                raise BlobArchivedError("the blob is archived") from None
            case ResourceExistsError() | ResourceModifiedError():
                raise BlobConflictError("written or leased by somebody else") from None
            case HttpResponseError() if error.status_code in (409, 412):
                raise BlobConflictError("written or leased by somebody else") from None
            case _:
                return


class _reading:  # noqa: N801 - used like a function of contextlib
    """Tell conflicts, which nobody who only reads can be in, from what is refused for good."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, HttpResponseError) and error.status_code == HTTPStatus.CONFLICT:
            drop_frames(error)
            if (code := _code(error)) not in _ARCHIVED:
                raise BlobRefusedError(code or "Conflict") from None


def _code(error: HttpResponseError) -> str:
    return str(getattr(error, "error_code", None) or "")


def _written(metadata: dict[str, str] | None) -> dict[str, str] | None:
    """Leave blank values out: not everything between here and the storage passes them on."""
    return metadata and {key: value for key, value in metadata.items() if value}


def _quoted(etag: object) -> str:
    """Listings give an ETag without its quotes, answers with them; a condition wants them."""
    return '"' + str(etag).strip('"') + '"'


def _content(content_type: str | None) -> dict[str, Any]:
    if content_type is None:
        return {}
    return {"content_settings": ContentSettings(content_type=content_type)}


def _info(blob: BlobProperties) -> BlobInfo:
    return BlobInfo(
        name=str(blob.name),
        size=int(blob.size or 0),
        etag=_quoted(blob.etag),
        modified=blob.last_modified,
        leased=blob.lease is not None and blob.lease.state == "leased",
        metadata=dict(blob.metadata or {}),
    )
