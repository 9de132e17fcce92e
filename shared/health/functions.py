"""Which functions the host does not run, as far as the app itself can know."""

import os
from collections.abc import Iterable, Mapping

# Of the app without its HTTP routes: what is left out there shows by a 404.
BACKGROUND = ("tick", "plan_run", "send_batches", "finish_run", "upkeep", "notices")


def switched_off(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the functions that an app setting switches off.

    `AzureWebJobs.NAME.Disabled`; where a name can't hold dots they are underscores
    (https://learn.microsoft.com/azure/azure-functions/disable-function).
    """
    given = os.environ if environment is None else environment
    return [name for name in BACKGROUND if any(_is_on(given, key) for key in _keys(name))]


def _keys(name: str) -> Iterable[str]:
    return (f"AzureWebJobs{mark}{name}{mark}Disabled" for mark in (".", "_", "__"))


def _is_on(environment: Mapping[str, str], key: str) -> bool:
    return environment.get(key, "").lower() in ("true", "1")
