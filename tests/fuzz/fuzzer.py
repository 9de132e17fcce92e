"""One target under the coverage-guided fuzzer, in a process of its own.

`python -m tests.fuzz.fuzzer TARGET [options of libFuzzer] CORPUS`; libFuzzer ends the process.
"""

import sys

import atheris

with atheris.instrument_imports(include=["shared"], enable_loader_override=False):
    from tests.fuzz.catalogue import TARGETS


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer has enough or finds a fault."""
    target = TARGETS[arguments[1]]
    atheris.Setup([arguments[0], *arguments[2:]], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
