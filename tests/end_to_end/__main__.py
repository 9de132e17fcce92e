"""Runs all end-to-end tests once for every way in which Mailchimp may be meant to behave.

`python -m tests.end_to_end [word ...]`; words choose the ways whose names hold them. Ways that
have nothing to do with each other are tried together (test_switches.py lists them).
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.end_to_end.test_switches import SWITCHES

_HERE = Path(__file__).parent
# They start services of their own, or set the switches themselves.
_APART = ("test_switches.py", "test_package.py", "test_identity_only.py", "test_telemetry.py")


def main(words: Sequence[str]) -> int:
    """Run the tests for each way; 1 when one of them failed."""
    failed = []
    for name, switches in SWITCHES.items():
        if words and not any(word in name for word in words):
            continue
        print(f"\n{name}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope"]
        command += [f"--ignore={_HERE / file}" for file in _APART]
        for switch, value in switches.items():
            command += ["--mailchimp", f"{switch}={json.dumps(value)}"]
        if subprocess.run([*command, str(_HERE)], check=False).returncode:
            failed.append(name)
    print(f"\nFailed: {'; '.join(failed) or 'none'}.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
