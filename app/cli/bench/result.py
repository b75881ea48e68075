"""What every benchmark reports: its measures, the targets they are held against, and the machine they were taken on."""

from __future__ import annotations

import operator
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

COMPARISONS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on one measure; `sense` is ">=" or "<="."""

    measure: str
    sense: str
    bound: float

    @property
    def written(self) -> str:
        return f"{self.sense} {self.bound}"

    def is_met(self, measures: dict[str, float]) -> bool:
        return bool(COMPARISONS[self.sense](measures[self.measure], self.bound))


def conclude(name: str, measures: dict[str, float], targets: list[Target], json_file: Path | None) -> bool:
    """Print the targets, write the JSON if asked for; returns whether all are met."""
    met: dict[str, bool] = {}
    bounds: dict[str, str] = {}
    for target in targets:  # A measure may have a lower and an upper one.
        verdict, value = "met" if target.is_met(measures) else "MISSED", measures[target.measure]
        met[target.measure] = met.get(target.measure, True) and target.is_met(measures)
        bounds[target.measure] = " and ".join(filter(None, [bounds.get(target.measure), target.written]))
        shown = f"{value:.3f}" if value == 0 or abs(value) >= 0.001 else f"{value:.1e}"
        click.echo(f"{verdict:>6}  {target.measure} {shown} {target.written}")
    if json_file:
        document = {
            "name": name,
            "machine": machine(),
            "measures": measures,
            "targets": bounds,
            "met": met,
        }
        json_file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return all(met.values())


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
