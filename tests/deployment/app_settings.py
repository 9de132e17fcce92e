"""Compares the app settings that a deployment writes with those that the code reads."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.platform.settings import Settings
from tests.deployment import bicep
from tests.deployment.bicep import Deployment

# Settings that the Functions host or the Azure SDKs read, not this code.
OF_THE_PLATFORM = {
    "AzureWebJobsDisableHomepage": "that the root is the app's own",
    "AzureWebJobsStorage__credential": "how the host signs in to its storage",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID": "which identity signs people in",
    "AZURE_CLIENT_ID": "which identity DefaultAzureCredential uses",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "where telemetry goes",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "that telemetry is sent by identity",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "that the worker sends telemetry itself",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME": "whose log lines the worker sends",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "what the worker makes no spans of",
    "OTEL_TRACES_SAMPLER": "that the host's looks at queues are no spans",
    "OTEL_METRICS_EXPORTER": "that the worker sends no counters",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "nor a description of itself",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "that the exporter does not report on itself",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "that nobody changes the exporter from afar",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "the largest body that the host passes on",
    "PYTHON_THREADPOOL_THREAD_COUNT": "threads of the Python worker",
}
# Names that the code knows and a deployment does not set.
NOT_DEPLOYED = {
    "AzureWebJobsStorage": "a connection string: only with the storage emulator",
    "AzureWebJobsStorage__accountName": "the addresses are given instead",
    "SegmentStorage": "a connection string: only with the storage emulator",
    "SegmentStorage__accountName": "the address is given instead",
    "SegmentStorage__queueServiceUri": "the segment storage has no queues",
    "ENTRA_LOGIN_URL": "only with a stand-in for Entra on this machine",
    "WEBSITE_HOSTNAME": "set by the platform",
    "WEBSITE_AUTH_ENABLED": "set by the platform when authentication is on",
}
# Deprecated or without effect there; what counts stands in functionAppConfig or nowhere:
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
NOT_ON_FLEX = {
    *("AzureWebJobsDashboard", "ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION"),
    *("FUNCTIONS_MAX_HTTP_CONCURRENCY", "FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED"),
    *("FUNCTIONS_WORKER_PROCESS_COUNT", "FUNCTIONS_WORKER_RUNTIME"),
    *("FUNCTIONS_WORKER_RUNTIME_VERSION", "SCM_DO_BUILD_DURING_DEPLOYMENT", "TZ"),
    *("WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTOVERVNET"),
    *("WEBSITE_CONTENTSHARE", "WEBSITE_DNS_SERVER", "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT"),
    *("WEBSITE_NODE_DEFAULT_VERSION", "WEBSITE_RUN_FROM_PACKAGE"),
    *("WEBSITE_SKIP_CONTENTSHARE_VALIDATION", "WEBSITE_TIME_ZONE", "WEBSITE_VNET_ROUTE_ALL"),
}


class _Reads(dict[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def environment(deployment: Deployment) -> dict[str, str]:
    """Return the environment of a deployed app; what only Azure knows has a stand-in."""
    return {name: _at_deployment(name, value) for name, value in deployment.settings().items()}


def _at_deployment(name: str, value: str) -> str:
    if not value.startswith("["):
        return value
    if name == "KEY_VAULT_URL":
        return "https://a-vault.vault.azure.net/"
    return "https://an-output.core.windows.net/" if name.endswith("ServiceUri") else "an-output"


def written_down() -> dict[str, str]:
    """Return the settings whose value stands in workload.bicep, for tests without the compiler."""
    text = (bicep.INFRA / "workload.bicep").read_text()
    found = re.findall(r"^  (\w+): '(.*)'$", text, re.MULTILINE)
    return {name: re.sub(r"\$\{[^}]*\}", "x", value) for name, value in found}


def read_by_code(values: Mapping[str, str]) -> set[str]:
    """Return every setting that the code asks its environment for."""
    reads = _Reads(values)
    Settings.from_environment(reads)
    sources = [bicep.ROOT / "function_app.py", *sorted((bicep.ROOT / "shared").rglob("*.py"))]
    direct = re.compile(r"""environ(?:\.get\(|\[)\s*["'](\w+)["']""")
    return reads.names | {name for source in sources for name in direct.findall(source.read_text())}


def problems(deployment: Deployment) -> Iterator[str]:
    """Yield every setting that one side has and the other has not, of a way with Entra sign-in."""
    written = set(deployment.settings())
    in_code = read_by_code(environment(deployment))
    for name in sorted(in_code - written - NOT_DEPLOYED.keys()):
        yield f"the code reads {name}, which no Bicep file writes"
    for name in sorted(written - in_code - OF_THE_PLATFORM.keys()):
        yield f"Bicep writes {name}, which nothing reads"
    for name in sorted(written & NOT_ON_FLEX):
        yield f"{name} has no place on Flex Consumption"
