"""`python -m local.functions_host --app DIR`: see `--help`."""

import asyncio
import os
import sys
from pathlib import Path

from local.functions_host.app import Loading
from local.functions_host.errors import HostError
from local.functions_host.logs import set_up_logging
from local.functions_host.options import parse_options

# Read by aiohttp when it is imported: its parser in Python takes methods that nobody knows, as
# Microsoft's web server does; the one in C does not.
_PLAIN_PARSER = "AIOHTTP_NO_EXTENSIONS"


def main() -> int:
    """Returns 0 after a stop, 1 where the app cannot be hosted or its worker has died too often."""
    options = parse_options(sys.argv[1:])
    if options.log_file is not None:
        file = os.open(options.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
    if options.easy_auth:
        os.environ["WEBSITE_AUTH_ENABLED"] = "true"
    try:
        loading = Loading(options, Path.cwd())
        set_up_logging(options.log_format, loading.log_levels)
        # The worker imports the app while this process imports what is large in the host.
        os.environ[_PLAIN_PARSER] = "1"
        from local.functions_host.host import Host

        host = Host(options, loading.finish())
        asyncio.run(host.run())
    except HostError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 1 if host.gave_up else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # A thread that waits for the worker's words must not keep the process alive.
    os._exit(status)
