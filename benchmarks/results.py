"""What a benchmark found: figures with their targets, tables, and series to draw; kept as JSON."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from local.stack import ROOT

_FOLDER = ROOT / ".local" / "benchmarks"


@dataclass(frozen=True)
class Figure:
    """A measured value; `target` None where there is none to reach."""

    what: str
    measured: float
    unit: str
    target: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def ratio(self) -> float | None:
        """Measured as a share of the target."""
        return self.measured / self.target if self.target else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        less = self.measured <= self.target
        return less if self.better == "less" else self.measured >= self.target


@dataclass(frozen=True)
class Table:
    """Rows under a header, as text."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Chart:
    """Lines over time: name to points (seconds, value)."""

    name: str
    title: str
    unit: str
    lines: dict[str, list[tuple[float, float]]]
    limit: float | None = None


@dataclass
class Result:
    """All that one benchmark found; `values` are for other benchmarks to compute with."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    size: int = 0
    at: str = ""
    load: float = 0.0

    def save(self) -> None:
        """Keep it for the page."""
        self.at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        _FOLDER.mkdir(parents=True, exist_ok=True)
        (_FOLDER / f"{self.name}.json").write_text(json.dumps(asdict(self), indent=1))


def load(name: str) -> Result | None:
    """Return what a benchmark found when it last ran."""
    path = _FOLDER / f"{name}.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text())
    found["figures"] = [Figure(**one) for one in found["figures"]]
    found["tables"] = [
        Table(one["title"], tuple(one["header"]), [tuple(row) for row in one["rows"]])
        for one in found["tables"]
    ]
    found["charts"] = [Chart(**one) for one in found["charts"]]
    return Result(**found)


def load_average() -> float:
    """How many processes want a processor at the moment, ours not yet among them."""
    return os.getloadavg()[0]
