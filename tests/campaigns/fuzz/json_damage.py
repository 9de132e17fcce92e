"""Damage to JSON documents that leaves them JSON, for readers that look behind the syntax."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1 << 64, 0.5, 1e308, "", " ", "x", "\n", "\0", "\ud800", "é😀"),
    *([], {}, [[]], [None], {"name": "x"}, {"": ""}, "/", "..", "a/b", "true", "x" * 300, "\u2028"),
)


def damaged_json(data: bytes, words: tuple[bytes, ...], random: Random) -> bytes | None:
    """Change one place of a document; None for what is none."""
    try:
        root = [json.loads(data)]
        places = list(_places(root))
        holder, key = random.choice(places)
        other, other_key = random.choice(places)
        match random.randrange(5):
            case 0:
                holder[key] = random.choice(_ODD)
            case 1:
                holder[key] = random.choice(words).decode(errors="replace").strip('"')
            case 2:
                holder[key] = copy.deepcopy(other[other_key])
            case 3 if holder is not root:
                del holder[key]
            case _ if isinstance(holder, dict):
                name = random.choice(words).decode(errors="replace").strip('"')
                holder[name] = copy.deepcopy(other[other_key])
            case _:
                holder.insert(key, copy.deepcopy(other[other_key]))
        return json.dumps(root[0]).encode()
    except (ValueError, RecursionError):
        return None


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document as its list or object and the index or name there."""
    names = range(len(holder)) if isinstance(holder, list) else list(holder)
    for name in names:
        yield holder, name
        if isinstance(holder[name], list | dict):
            yield from _places(holder[name])
