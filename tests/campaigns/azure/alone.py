"""Runs the demo's export on an unpacked package, in a network that is the loopback alone.

    unshare --user --map-root-user --net python -m tests.campaigns.azure.alone APP PYTHON HOST

APP is the package, PYTHON an interpreter without packages, HOST a folder with what the
stand-in for the Functions host needs. Prints one JSON line: functions and counts of the run.
"""

import errno
import fcntl
import json
import os
import socket
import struct
import sys
from pathlib import Path

from local.scenario import EXPORT, furnish, set_up
from local.stack import ROOT, Stack

# Linux: set an interface's flags, which are "up" and "running".
_SIOCSIFFLAGS, _UP = 0x8914, 0x1 | 0x40
# From the block that is set aside for documents: nobody is there.
_OUTSIDE = ("192.0.2.1", 443)


def main(app: Path, python: Path, host: Path) -> None:
    """Bring the loopback up, see that there is nothing else, and run an export."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _UP))
        if any_socket.connect_ex(_OUTSIDE) != errno.ENETUNREACH:
            sys.exit("alone: there is a network")
    site = app / ".python_packages" / "lib" / "site-packages"
    path = os.pathsep.join(map(str, (site, ROOT, host)))
    with Stack.start(hosts=0, environment={}, app=app) as stack:
        stack.add_host(python=python, settings={"PYTHONPATH": path})
        scenario = furnish(stack, profiles=2000)
        set_up(stack, scenario)
        run = stack.ended(stack.ask("POST", f"exports/{EXPORT}/runs")["id"], timeout=300)
        held = stack.mailchimp.summary(scenario.audience_id)
        print(
            json.dumps(
                {
                    "functions": len(stack.hosts[0].functions),
                    "status": run["status"],
                    "created": run["counts"]["created"],
                    "tagged": held.by_tag["High value"],
                }
            )
        )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
