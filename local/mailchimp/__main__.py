"""Start the simulator: `python -m local.mailchimp --port 0`."""

import argparse
import asyncio
import gc

from .server import serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="A Mailchimp Marketing API on loopback")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="stop when the parent process is gone"
    )
    arguments = parser.parse_args()
    # Millions of contacts live as long as the process: looking through them again is waste.
    gc.set_threshold(50_000, 20, 100)
    asyncio.run(
        serve(arguments.host, arguments.port, until_stdin_closes=arguments.until_stdin_closes)
    )


if __name__ == "__main__":
    main()
