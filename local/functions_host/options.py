"""The command line of the host."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.functions_host.keys import Keys

# Keys may come by the environment, where the list of processes does not show them.
MASTER_KEY, FUNCTION_KEY = "FUNCTIONS_HOST_MASTER_KEY", "FUNCTIONS_HOST_FUNCTION_KEY"


@dataclass(frozen=True)
class Options:
    """How one host process is to run; times are in seconds, `functions` None means all."""

    app: Path
    port: int
    time_scale: float
    keys: Keys
    functions: frozenset[str] | None
    easy_auth: bool
    hidden: float
    grace: float
    http_grace: float
    answer_limit: float
    strict: bool
    log_format: Literal["json", "pretty"]
    log_file: Path | None
    stop_with_parent: bool


def parse_options(arguments: list[str]) -> Options:
    """Reads the command line; ends the process with a message where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m local.functions_host", description=__doc__)
    add = parser.add_argument
    add("--app", type=Path, default=Path(), help="directory with function_app.py and host.json")
    add("--port", type=int, default=7071, help="0 takes a free one")
    add(
        "--time-scale",
        type=float,
        default=1.0,
        help="factor on the times that messages hide, locks last and workers take to come back",
    )
    add("--master-key", default=os.environ.pop(MASTER_KEY, ""), help="random where not given")
    add("--function-key", default=os.environ.pop(FUNCTION_KEY, ""), help="the same")
    add("--functions", default="", help="comma-separated: the queue and timer functions to run")
    add("--easy-auth", action="store_true", help="stand in for App Service Authentication")
    add("--hidden", type=float, help="seconds that a message hides while it runs: 600, scaled")
    add("--grace", type=float, default=10.0, help="seconds for queue functions after SIGTERM")
    add("--http-grace", type=float, default=30.0, help="seconds for HTTP calls, before the others")
    add("--answer-limit", type=float, default=230.0, help="seconds until an HTTP call is a 504")
    add(
        "--strict",
        action="store_true",
        help="end with a message where Azure would go on without a function, or answer 503",
    )
    add("--log-format", choices=("json", "pretty"), default="")
    add("--log-file", type=Path, help="write output there instead of to the terminal")
    add("--stop-with-parent", action="store_true", help="stop when standard input closes")
    new = Keys.random()
    given = parser.parse_args(arguments)
    return Options(
        app=given.app.resolve(),
        port=given.port,
        time_scale=given.time_scale,
        keys=Keys(
            given.master_key or new.master,
            given.function_key or new.function,
        ),
        functions=frozenset(given.functions.split(",")) if given.functions else None,
        easy_auth=given.easy_auth,
        hidden=600 * given.time_scale if given.hidden is None else given.hidden,
        grace=given.grace,
        http_grace=given.http_grace,
        answer_limit=given.answer_limit,
        strict=given.strict,
        log_format=given.log_format or ("pretty" if sys.stdout.isatty() else "json"),
        log_file=given.log_file,
        stop_with_parent=given.stop_with_parent,
    )
