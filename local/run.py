"""`make run`: the app and everything it needs, until Ctrl-C.

Services that the environment has settings for are real: AzureWebJobsStorage, SegmentStorage (or
their identity-based forms), KEY_VAULT_URL, MAILCHIMP_API_URL. NOTIFY_WEBHOOK is an address on this
machine that notifications go to. With HTTP_AUTH=entra people sign in on a page that stands in for
Microsoft Entra.
"""

import os
import signal
import socket
import sys
from collections.abc import Mapping

from local.process import StartError
from local.scenario import EXPORT, FOLDER, Scenario, furnish, set_up
from local.stack import COMPRESSED, Stack
from local.terminal import children_ignore_interrupts, step, table

_PORT = 7071
# What a person would have put into the vault, and the settings that name it.
_OAUTH_SECRET, _WEBHOOK_SECRET = "mailchimp-oauth-client", "segment-export-webhook"


def main() -> int:
    """Start, say where everything is, and wait."""
    # Whoever stops this process politely gets the same orderly end as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with step("Starting"), children_ignore_interrupts():
            stack = Stack.start(hosts=0, settings=_settings(os.environ), time_scale=1.0)
            try:
                _fill_vault(stack, os.environ)
                stack.add_host(port=_port(), easy_auth="HTTP_AUTH" in stack.settings)
            except BaseException:
                stack.stop()
                raise
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    with stack:
        scenario = None
        if _is_all_local(stack):
            with step("Writing a sample export, and saving a connection and an export of it"):
                scenario = furnish(stack, seconds_per_call=1.0)
                set_up(stack, scenario)
                stack.mailchimp.set(oauth_consent="page")
        _describe(stack, scenario)
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
    if environment.get("HTTP_AUTH") == "entra":
        # The host signs people in as Azure would, under any name and in any role.
        production["HTTP_AUTH"] = "entra"
    if not {"KEY_VAULT_URL", "MAILCHIMP_API_URL"} & environment.keys():
        # The simulator's login page lets any client in.
        production["MAILCHIMP_CLIENT_ID"] = "segment-export"
        production["MAILCHIMP_CLIENT_SECRET_NAME"] = _OAUTH_SECRET
        if "NOTIFY_WEBHOOK" in environment:
            production["NOTIFY_WEBHOOK_SECRET_NAME"] = _WEBHOOK_SECRET
    return production | kept


def _fill_vault(stack: Stack, environment: Mapping[str, str]) -> None:
    if stack.services.vault is None:
        return
    stack.vault.set(_OAUTH_SECRET, "a client secret")
    if webhook := environment.get("NOTIFY_WEBHOOK"):
        stack.vault.set(_WEBHOOK_SECRET, webhook)


def _is_all_local(stack: Stack) -> bool:
    services = stack.services
    return None not in (services.azurite, services.vault, services.mailchimp)


def _describe(stack: Stack, scenario: Scenario | None) -> None:
    host = stack.hosts[0]
    entra = "HTTP_AUTH" in stack.settings
    rows = [("Console", f"{host.url}/console/"), ("Address", host.url)]
    if not entra:
        rows.append(("Key (x-functions-key)", stack.keys.master))
    if scenario is not None:
        rows.append(("Mailchimp API key", scenario.api_key))
        rows.append(("Audience id", scenario.audience_id))
        rows.append(("Segment folder", FOLDER))
    services = stack.services
    if services.azurite is not None:
        rows.append(("Storage", services.azurite.connection_string))
    if services.mailchimp is not None:
        rows.append(("Mailchimp simulator", services.mailchimp.url))
    rows.append(("Log", str(host.log_path)))
    print(table(rows))
    example = f"curl -X POST -H 'x-functions-key: {stack.keys.master}' {host.url}/api"
    if scenario is not None and not entra:
        print(f"\nRun the sample export:\n  {example}/exports/{EXPORT}/runs")
    print("Stop with Ctrl-C.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
