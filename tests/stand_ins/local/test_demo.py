"""What a newcomer sees first."""

import re
import subprocess
import sys

from tests.support.root import ROOT


def test_the_demo_exports_ten_thousand_profiles_once() -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert demo.returncode == 0, demo.stdout + demo.stderr
    begin, rest = demo.stdout.split("First run")
    first, second = rest.split("Second run")
    assert "The simplest export" in begin
    assert re.search(r"\d,\d{3}  created ", begin)
    assert "10,000 profiles in two overlapping segments" in begin
    assert re.search(r"sending \[.*\] \d+ of \d+ batches", first)
    assert re.search(r"succeeded after .* calls to Mailchimp", first)
    assert re.search(r"9,\d{3}  created ", first)
    assert re.search(r"subscribed +High value, Newsletter readers +in both", first)
    assert re.search(r"unsubscribed +- +had unsubscribed: untouched", first)
    assert re.search(r"subscribed +Press +in no segment: untouched", first)
    assert "0 of them writes" in second
    assert re.search(r"9,\d{3}  unchanged ", second)
    assert " created " not in second
