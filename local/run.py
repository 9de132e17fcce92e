"""`make run`: the app and everything it needs, until Ctrl-C.

Services that the environment has settings for are real: AzureWebJobsStorage, SegmentStorage (or
their identity-based forms), KEY_VAULT_URL, MAILCHIMP_API_URL.
"""

import os
import signal
import socket
import sys
from collections.abc import Mapping

from local.process import StartError
from local.scenario import EXPORT, furnish, set_up
from local.stack import COMPRESSED, Stack
from local.terminal import children_ignore_interrupts, step, table

_PORT = 7071


def main() -> int:
    """Start, say where everything is, and wait."""
    # Whoever stops this process politely gets the same orderly end as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with step("Starting"), children_ignore_interrupts():
            stack = Stack.start(hosts=0, settings=_settings(os.environ), time_scale=1.0)
            try:
                stack.add_host(port=_port())
            except BaseException:
                stack.stop()
                raise
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    with stack:
        if _is_all_local(stack):
            with step("Writing a sample export, and saving a connection and an export of it"):
                set_up(stack, furnish(stack, seconds_per_call=1.0))
        _describe(stack)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("\nStopping.")
    return 0


def _port() -> int:
    """The port that Functions apps have locally, or any when it is taken."""
    with socket.socket() as probe:
        return 0 if probe.connect_ex(("127.0.0.1", _PORT)) == 0 else _PORT


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Looks for due exports often, as somebody watches; production's times but for that.

    Settings in the environment have the last word.
    """
    kept = {name: environment[name] for name in COMPRESSED if name in environment}
    production = {
        "EXPORT_TICK": "*/20 * * * * *",
        "MAILCHIMP_TIMEOUT_SECONDS": "130",
        "MAILCHIMP_COOLDOWN_SECONDS": "60",
        "SNAPSHOT_QUIET_SECONDS": "20",
    }
    return production | kept


def _is_all_local(stack: Stack) -> bool:
    services = stack.services
    return None not in (services.azurite, services.vault, services.mailchimp)


def _describe(stack: Stack) -> None:
    host = stack.hosts[0]
    rows = [("App", f"{host.url}/api"), ("Key (x-functions-key)", stack.keys.master)]
    services = stack.services
    if services.azurite is not None:
        rows.append(("Storage", services.azurite.connection_string))
    if services.mailchimp is not None:
        rows.append(("Mailchimp simulator", services.mailchimp.url))
    rows.append(("Log", str(host.log_path)))
    print(table(rows))
    example = f"curl -X POST -H 'x-functions-key: {stack.keys.master}' {host.url}/api"
    if _is_all_local(stack):
        print(f"\nRun the sample export:\n  {example}/exports/{EXPORT}/runs")
    print("Stop with Ctrl-C.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
