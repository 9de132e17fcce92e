"""Compares the app settings that the Bicep files write with those that the code reads."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.platform.settings import Settings
from tests.deployment import bicep, names

# Settings that the Functions host or the Azure SDKs read, not this code.
OF_THE_PLATFORM = {
    "AzureWebJobsStorage__credential": "how the host signs in to its storage",
    "AZURE_CLIENT_ID": "which identity DefaultAzureCredential uses",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "where telemetry goes",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "that telemetry is sent by identity",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "that the worker sends telemetry itself",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME": "whose log lines the worker sends",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "what the worker makes no spans of",
    "OTEL_TRACES_SAMPLER": "that no span is left out",
    "OTEL_METRICS_EXPORTER": "that the worker sends no counters",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "nor a description of itself",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "that the exporter does not report on itself",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "that nobody changes the exporter from afar",
    "AzureWebJobsDisableHomepage": "that the host has no page of its own",
    "PYTHON_THREADPOOL_THREAD_COUNT": "threads of the Python worker",
}
# Names that the code knows and a deployment does not set.
NOT_DEPLOYED = {
    "AzureWebJobsStorage": "a connection string: only with the storage emulator",
    "AzureWebJobsStorage__accountName": "the addresses are given instead",
    "SegmentStorage": "a connection string: only with the storage emulator",
    "SegmentStorage__accountName": "the address is given instead",
    "SegmentStorage__queueServiceUri": "the segment storage has no queues",
    "WEBSITE_HOSTNAME": "set by the platform",
    "WEBSITE_AUTH_ENABLED": "set by the platform when authentication is on",
}
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
NOT_ON_FLEX = {
    *("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"),
    *("WEBSITE_CONTENTSHARE", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_TIME_ZONE"),
    *("SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD", "TZ", "AzureWebJobsDashboard"),
}


class _Reads(dict[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def written(files: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting that a deployment with Entra sign-in has, as it stands in Bicep."""
    base = bicep.tree(files["workload.bicep"])["variables"]["appSettings"]["value"]
    auth = bicep.tree(files["modules/auth.bicep"])["resources"]["appSettings"]["config"]
    union = bicep.function_of(auth["properties"])
    if union is None:
        raise AssertionError("modules/auth.bicep does not add to the settings any more")
    return {**base, **union["parameters"]["arg_2"]}


def environment(files: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an app deployed with the defaults and with Functions keys."""
    defaults = names.defaults(files["workload.bicep"])
    base = bicep.tree(files["workload.bicep"])["variables"]["appSettings"]["value"]
    return {name: _at_deployment(name, value, defaults) for name, value in base.items()}


def _at_deployment(name: str, value: Any, defaults: Mapping[str, Any]) -> str:
    if call := bicep.function_of(value):
        [parameter, *_] = call["parameters"].values()
        known = defaults[parameter]
        return ",".join(known) if call["type"] == "join" else str(known)
    if isinstance(value, dict):
        return (
            "https://an-output.core.windows.net/"
            if name.upper().endswith(("URL", "URI"))
            else "an-output"
        )
    if value in defaults:
        return str(defaults[value])
    return str(re.sub(r"\$\{[^{}]*\}", "x", value))


def read_by_code(values: Mapping[str, str]) -> set[str]:
    """Return every setting that the code asks its environment for."""
    reads = _Reads(values)
    Settings.from_environment(reads)
    sources = [bicep.ROOT / "function_app.py", *sorted((bicep.ROOT / "shared").rglob("*.py"))]
    direct = re.compile(r"""environ(?:\.get\(|\[)\s*["'](\w+)["']""")
    return reads.names | {name for source in sources for name in direct.findall(source.read_text())}


def problems(files: Mapping[str, str]) -> Iterator[str]:
    """Yield every setting that one side has and the other has not."""
    in_bicep = set(written(files))
    in_code = read_by_code(environment(files))
    for name in sorted(in_code - in_bicep - NOT_DEPLOYED.keys()):
        yield f"the code reads {name}, which no Bicep file writes"
    for name in sorted(in_bicep - in_code - OF_THE_PLATFORM.keys()):
        yield f"Bicep writes {name}, which nothing reads"
    for name in sorted(in_bicep & NOT_ON_FLEX):
        yield f"{name} has no place on Flex Consumption"
