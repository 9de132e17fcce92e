"""The data plane of Azure Key Vault for secrets, as far as its Python SDK uses it.

Source: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
"""

import re
import threading
import time
from typing import Any

from local.identity import TENANT, read_token
from local.loopback import Answer, Request
from local.vault.secrets import Secrets, Version

RESOURCE = "https://vault.azure.net"
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_LONGEST_VALUE = 25 * 1024
_MOST_PER_PAGE = 25
_RECOVERABLE_DAYS = 90


class VaultService:
    """Answers requests; `log` holds method, path and status of each, and never a value."""

    def __init__(self) -> None:
        self.url = ""
        self.secrets = Secrets()
        self.denied: set[str] = set()
        self.log: list[tuple[str, str, int]] = []
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Answer one request as the real vault would."""
        with self.lock:
            answer = self._checked(request)
            self.log.append((request.method, request.path, answer.status))
            return answer

    def _checked(self, request: Request) -> Answer:
        claims = read_token(request.headers.get("authorization", ""))
        if claims is None or str(claims.get("aud")).rstrip("/") != RESOURCE:
            return _challenge()
        if "api-version" not in request.query:
            return _error(400, "BadParameter", "The api-version query parameter is missing.")
        collection, *rest = [part for part in request.path.split("/") if part] or [""]
        if rest and not _NAME.fullmatch(rest[0]):
            return _error(400, "BadParameter", "The request URI contains an invalid name.")
        if rest and rest[0].lower() in self.denied:
            message = "Caller is not authorized to perform action on resource."
            return _error(403, "Forbidden", message, "ForbiddenByRbac")
        match collection, rest:
            case "secrets", []:
                return self._page(request, [self._item(name) for name in self.secrets.names()])
            case "secrets", [name, "versions"]:
                found = self.secrets.versions(name)
                return self._page(request, [self._describe(name, v, value=False) for v in found])
            case "secrets", [name, *version] if len(version) < 2:
                return self._secret(request, name, "".join(version))
            case "deletedsecrets", []:
                names = self.secrets.deleted_names()
                return self._page(request, [self._deleted(name, value=False) for name in names])
            case "deletedsecrets", [name, *action] if len(action) < 2:
                return self._deleted_secret(request, name, "".join(action))
        return _error(404, "NotFound", "There is no such operation.")

    def _secret(self, request: Request, name: str, version: str) -> Answer:
        if request.method == "PUT" and not version:
            return self._set(name, request.json())
        found = self.secrets.version(name, version)
        if found is None:
            message = f"A secret with (name/id) {name} was not found in this key vault."
            return _error(404, "SecretNotFound", message)
        match request.method:
            case "GET" if not found.enabled:
                message = "Operation get is not allowed on a disabled secret."
                return _error(403, "Forbidden", message, "SecretDisabled")
            case "GET":
                return Answer(200, self._describe(name, found))
            case "PATCH":
                self.secrets.update(name, found.changed(request.json()))
                changed = self.secrets.version(name, found.id) or found
                return Answer(200, self._describe(name, changed, value=False))
            case "DELETE" if not version:
                self.secrets.delete(name)
                return Answer(200, self._deleted(name))
        return _error(405, "MethodNotAllowed", "The method is not allowed here.")

    def _set(self, name: str, document: dict[str, Any]) -> Answer:
        value = document.get("value")
        if not isinstance(value, str) or len(value) > _LONGEST_VALUE:
            return _error(400, "BadParameter", "The property value is missing or too long.")
        if self.secrets.is_deleted(name):
            message = (
                f"Secret {name} is currently in a deleted but recoverable state, and its name "
                "cannot be reused; in this state, the secret can only be recovered or purged."
            )
            return _error(409, "Conflict", message, "ObjectIsDeletedButRecoverable")
        version = Version(value).changed(document)
        self.secrets.add(name, version)
        return Answer(200, self._describe(name, version))

    def _deleted_secret(self, request: Request, name: str, action: str) -> Answer:
        if not self.secrets.is_deleted(name):
            message = f"Deleted Secret not found: {name}"
            return _error(404, "SecretNotFound", message)
        match request.method, action:
            case "GET", "":
                return Answer(200, self._deleted(name))
            case "DELETE", "":
                self.secrets.purge(name)
                return Answer(204)
            case "POST", "recover":
                self.secrets.recover(name)
                return Answer(200, self._item(name))
        return _error(405, "MethodNotAllowed", "The method is not allowed here.")

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        size = min(int(request.query.get("maxresults", _MOST_PER_PAGE)), _MOST_PER_PAGE)
        start = int(request.query.get("$skiptoken", "0"))
        following = start + size
        link = None
        if following < len(items):
            version = request.query["api-version"]
            link = f"{self.url}{request.path}?api-version={version}&$skiptoken={following}"
            link += f"&maxresults={size}"
        return Answer(200, {"value": items[start:following], "nextLink": link})

    def _item(self, name: str) -> dict[str, Any]:
        newest = self.secrets.versions(name)[-1]
        document = self._describe(name, newest, value=False)
        document["id"] = f"{self.url}/secrets/{name}"
        return document

    def _deleted(self, name: str, *, value: bool = True) -> dict[str, Any]:
        newest = self.secrets.versions(name, deleted=True)[-1]
        now = int(time.time())
        return {
            **self._describe(name, newest, value=value),
            "recoveryId": f"{self.url}/deletedsecrets/{name}",
            "deletedDate": now,
            "scheduledPurgeDate": now + _RECOVERABLE_DAYS * 86_400,
        }

    def _describe(self, name: str, version: Version, *, value: bool = True) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "enabled": version.enabled,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": _RECOVERABLE_DAYS,
        }
        if version.expires is not None:
            attributes["exp"] = version.expires
        if version.not_before is not None:
            attributes["nbf"] = version.not_before
        document: dict[str, Any] = {
            "id": f"{self.url}/secrets/{name}/{version.id}",
            "attributes": attributes,
            "tags": version.tags,
        }
        if version.content_type is not None:
            document["contentType"] = version.content_type
        if value:
            document["value"] = version.value
        return document


def _challenge() -> Answer:
    challenge = (
        f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{RESOURCE}"'
    )
    document = _document("Unauthorized", "AKV10000: Request is missing a Bearer token.")
    return Answer(401, document, {"WWW-Authenticate": challenge})


def _document(code: str, message: str, inner: str | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if inner is not None:
        error["innererror"] = {"code": inner}
    return {"error": error}


def _error(status: int, code: str, message: str, inner: str | None = None) -> Answer:
    return Answer(status, _document(code, message, inner))
