"""`python -m local.functions_host --app DIR`: see `--help`."""

import asyncio
import os
import sys
from pathlib import Path

from local.functions_host.errors import HostError
from local.functions_host.host import Host, load
from local.functions_host.keys import Keys
from local.functions_host.options import FUNCTION_KEY, MASTER_KEY, parse_options

_DIRECTORY = Path.cwd()


def main() -> int:
    """Returns 0 after a stop, 1 where the app cannot be hosted."""
    options = parse_options(sys.argv[1:])
    if options.log_file is not None:
        file = os.open(options.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
    os.chdir(options.app)
    try:
        # The app is imported outside of any event loop, in the main thread.
        worker, host_json, functions = load(options)
        host = Host(options, worker, host_json, functions)
        asyncio.run(host.run())
    except HostError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    if host.restart:
        _start_again(host.port, options.keys)
    return 0


def _start_again(port: int, keys: Keys) -> None:
    """Becomes a new host with the same address and keys, as Azure restarts a worker process."""
    os.environ |= {MASTER_KEY: keys.master, FUNCTION_KEY: keys.function}
    sys.stdout.flush()
    os.chdir(_DIRECTORY)
    os.execv(sys.executable, [*sys.orig_argv, "--port", str(port)])  # noqa: S606 - itself again


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Threads of functions that outlived the grace period must not keep the process alive.
    os._exit(status)
