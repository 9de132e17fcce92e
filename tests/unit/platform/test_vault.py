"""What the vault's refusals say: why, and neither the value nor the name of the secret.

Their words reach the error of a run, which viewers and webhooks see.
"""

from typing import Any, cast

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.keyvault.secrets import SecretClient

from shared.platform.vault import SecretUnreadableError, Vault

NAME = "mailchimp-of-the-board"


class Refusing:
    """A client of a vault that answers nothing else than one error."""

    def __init__(self, error: AzureError | None) -> None:
        self._error = error

    def get_secret(self, name: str) -> Any:
        """Fail, or have an empty value."""
        if self._error is not None:
            raise self._error
        return type("Secret", (), {"value": "", "name": name})

    def set_secret(self, name: str, value: str) -> None:
        """Fail."""
        raise self._error or AzureError(f"{name}={value}")


def _answered(status: int) -> HttpResponseError:
    error = HttpResponseError(f"{NAME} is refused")
    error.status_code = status
    return error


REFUSALS = [
    None,
    AzureError(f"no answer for {NAME}"),
    ResourceNotFoundError(f"there is no {NAME}"),
    ClientAuthenticationError(f"not for {NAME}"),
    *(_answered(status) for status in (400, 403, 429, 500)),
]


@pytest.mark.parametrize("error", REFUSALS, ids=str)
def test_a_secret_that_cannot_be_read_is_not_named(error: AzureError | None) -> None:
    vault = Vault(cast(SecretClient, Refusing(error)))
    with pytest.raises(SecretUnreadableError) as caught:
        vault.get(NAME)
    assert str(caught.value)
    assert NAME not in str(caught.value)


def test_a_secret_that_cannot_be_written_is_not_named() -> None:
    vault = Vault(cast(SecretClient, Refusing(_answered(403))))
    with pytest.raises(SecretUnreadableError) as caught:
        vault.set(NAME, "value")
    assert NAME not in str(caught.value)
    assert "value" not in str(caught.value)


def test_a_deleted_secret_in_the_way_is_told_with_what_to_do() -> None:
    vault = Vault(cast(SecretClient, Refusing(_answered(409))))
    with pytest.raises(SecretUnreadableError, match="recover or purge"):
        vault.set(NAME, "value")
