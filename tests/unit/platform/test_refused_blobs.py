"""What storage refuses for good is told from what somebody else has written meanwhile."""

from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from shared.platform.blobs import BlobArchivedError, BlobConflictError, BlobRefusedError, Blobs


class Refusing:
    """A container, and any blob of it, that answers every download in one way."""

    def __init__(self, status: int, code: str) -> None:
        self._error = HttpResponseError(message="refused")
        self._error.status_code = status
        self._error.error_code = code  # type: ignore[attr-defined]  # as storage's errors have it

    def get_blob_client(self, name: str) -> "Refusing":
        del name
        return self

    def download_blob(self, **_: Any) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (409, "BlobArchived", BlobArchivedError),
        (409, "BlobBeingRehydrated", BlobArchivedError),
        (409, "PublicAccessNotPermitted", BlobRefusedError),
        (409, "", BlobRefusedError),
        (412, "ConditionNotMet", BlobConflictError),
        (403, "AuthorizationFailure", HttpResponseError),
        (503, "ServerBusy", HttpResponseError),
    ],
)
def test_a_refused_download_is_a_conflict_only_where_the_blob_has_changed(
    status: int, code: str, error: type[Exception]
) -> None:
    blobs = Blobs(cast(Any, Refusing(status, code)))
    with pytest.raises(error):
        list(blobs.stream("VIP_1.csv", etag='"1"'))
