"""Random damage to inputs, the same every time for the same seed."""

from collections.abc import Iterator
from random import Random

from tests.campaigns.fuzz.json_damage import damaged_json
from tests.campaigns.fuzz.target import Target

_SHARE_OF_JSON = 0.7


def mutations(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """Yield so many damaged seeds of a target."""
    random = Random(seed)  # noqa: S311 - it must repeat itself, not be secret
    for _ in range(count):
        data = random.choice(target.seeds)
        for _ in range(random.randint(1, 6)):
            data = _damaged(data, target, random)
        yield data[: target.longest]


def _damaged(data: bytes, target: Target, random: Random) -> bytes:
    if target.json and random.random() < _SHARE_OF_JSON:
        damaged = damaged_json(data, target.words, random)
        if damaged is not None:
            return damaged
    begin, end = sorted(random.randint(0, len(data)) for _ in range(2))
    end = min(end, begin + random.choice((1, 4, 64)))
    before, part, behind = data[:begin], data[begin:end], data[end:]
    match random.randrange(6):
        case 0:
            return before + random.choice(target.words) + data[begin:]
        case 1:
            return before + random.choice(target.words) + behind
        case 2:
            return before + behind
        case 3:
            return before + part * random.randint(2, 4) + behind
        case 4:
            return before + random.randbytes(random.randint(1, 2)) + behind
        case _:
            other = random.choice(target.seeds)
            return before + other[random.randint(0, len(other)) :]
