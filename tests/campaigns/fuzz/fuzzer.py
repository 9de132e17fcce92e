"""One target under the coverage-guided fuzzer, in a process of its own.

`python -m tests.campaigns.fuzz.fuzzer TARGET [options of libFuzzer] CORPUS`; libFuzzer ends the
process.
"""

import sys
from functools import partial
from random import Random

import atheris

with atheris.instrument_imports(include=["shared"], enable_loader_override=False):
    from tests.campaigns.fuzz.catalogue import TARGETS
    from tests.campaigns.fuzz.json_damage import damaged_json
    from tests.campaigns.fuzz.target import Target


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer has enough or finds a fault."""
    target = TARGETS[arguments[1]]
    options = [arguments[0], *arguments[2:]]
    if target.json:
        atheris.Setup(options, target.check, custom_mutator=partial(_mutated, target))
    else:
        atheris.Setup(options, target.check)
    atheris.Fuzz()


def _mutated(target: Target, data: bytes, most: int, seed: int) -> bytes:
    """Change a document, or by turns its bytes as libFuzzer does."""
    random = Random(seed)  # noqa: S311 - libFuzzer chooses the seed
    if random.randrange(4):
        damaged = damaged_json(data, target.words, random)
        if damaged is not None and len(damaged) <= most:
            return damaged
    return bytes(atheris.Mutate(data, most))


if __name__ == "__main__":
    main(sys.argv)
