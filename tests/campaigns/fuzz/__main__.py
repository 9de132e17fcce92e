"""Fuzzes the readers of other people's files.

Usage: `python -m tests.campaigns.fuzz [TARGET...] --seconds 60`.

A target begins with its seeds and with what earlier runs kept in .local/fuzz/. A fault is written
there too; `--replay FILE` runs one target on it alone.
"""

import argparse
import hashlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.campaigns.fuzz.catalogue import TARGETS
from tests.campaigns.fuzz.lines import lines_reached
from tests.campaigns.fuzz.target import Target

_KEPT = Path(".local/fuzz")
# No input of some kilobytes may take this long or this much, Arrow's libraries included.
_SLOWEST_SECONDS = 20
_MOST_MEMORY_MB = 1024


def main(arguments: Sequence[str]) -> int:
    """Fuzz, print what was tried and found; 1 when there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="check one input")
    given = parser.parse_args(arguments)
    if unknown := set(given.targets) - TARGETS.keys():
        parser.error(f"no such target: {', '.join(unknown)}")
    targets = [TARGETS[name] for name in given.targets or TARGETS]
    if given.replay:
        for target in targets:
            target.check(given.replay.read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("The fuzzer exists for Linux on x86_64; `make test` covers the seeds elsewhere.")
        return 0
    return max(_fuzz(target, given.seconds) for target in targets)


def _fuzz(target: Target, seconds: int) -> int:
    corpus = _KEPT / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    words = _KEPT / f"{target.name}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    command = [sys.executable, "-m", "tests.campaigns.fuzz.fuzzer", target.name, str(corpus)]
    command += [f"-max_total_time={seconds}", f"-max_len={target.longest}", f"-dict={words}"]
    command += [f"-timeout={_SLOWEST_SECONDS}", f"-rss_limit_mb={_MOST_MEMORY_MB}"]
    command += [f"-artifact_prefix={_KEPT}/{target.name}-", "-print_final_stats=1"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    log = done.stdout.decode(errors="replace")
    print(f"{target.name}: {_sum_up(log)}", flush=True)
    if done.returncode:
        print(_fault(log), flush=True)
        return 1
    reached, there, missed = lines_reached(target, _inputs(corpus))
    print(f"  {reached} of {there} lines; missed: {' '.join(missed) or 'none'}", flush=True)
    return 0


def _inputs(corpus: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(corpus.iterdir())]


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _sum_up(log: str) -> str:
    executions = re.findall(r"number_of_executed_units: (\d+)", log) or ["?"]
    memory = re.findall(r"peak_rss_mb: +(\d+)", log) or ["?"]
    slowest = re.findall(r"slowest_unit_time_sec: +(\d+)", log) or ["?"]
    branches, inputs = (re.findall(r" cov: (\d+) .*?corp: (\d+)", log) or [("?", "?")])[-1]
    return (
        f"{executions[-1]} executions, {branches} branches, {inputs} inputs kept, "
        f"slowest {slowest[-1]} s, at most {memory[-1]} MB"
    )


def _fault(log: str) -> str:
    """The end of the fuzzer's log, from where it tells of the fault on."""
    ends = (" === Uncaught", "=================", "libFuzzer: ")
    begin = min((at for end in ends if (at := log.find(end)) >= 0), default=0)
    return log[begin:][:4000]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
