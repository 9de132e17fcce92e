"""Short-lived URLs by which a caller fetches one blob without going through the app."""

from datetime import timedelta
from urllib.parse import quote

from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

from shared.platform.blobs import Blobs
from shared.platform.clock import utc_now

_LIFETIME = timedelta(minutes=15)
# The clocks of the app and of storage may differ.
_SKEW = timedelta(minutes=5)


def signed_url(blobs: Blobs, name: str, filename: str) -> str:
    """Return a URL that reads one blob for a quarter of an hour, to be saved as `filename`.

    Signed with the account's key where the connection string has one, otherwise with a user
    delegation key: the app's identity needs a Storage Blob Data role for it.
    """
    container = blobs._container
    start, end = utc_now() - _SKEW, utc_now() + _LIFETIME
    account_key = getattr(container.credential, "account_key", None)
    delegation_key = None
    if account_key is None:
        service = BlobServiceClient(
            container.url.rsplit("/", 1)[0], credential=container.credential
        )
        delegation_key = service.get_user_delegation_key(start, end)
    token = generate_blob_sas(
        account_name=container.account_name or "",
        container_name=container.container_name,
        blob_name=name,
        account_key=account_key,
        user_delegation_key=delegation_key,
        permission=BlobSasPermissions(read=True),
        start=start,
        expiry=end,
        content_type="text/csv; charset=utf-8",
        content_disposition=f'attachment; filename="{filename}"',
    )
    return f"{container.url}/{quote(name)}?{token}"
