"""`python -m local.functions_host --app DIR`: see `--help`."""

import asyncio
import os
import sys

from local.functions_host.errors import HostError
from local.functions_host.host import Host, load
from local.functions_host.options import parse_options


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
        asyncio.run(Host(options, worker, host_json, functions).run())
    except HostError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Threads of functions that outlived the grace period must not keep the process alive.
    os._exit(status)
