"""`attune bench statistics`: whether what experiments say is true, by everything that can be asked about it.

Agreement with another house's statistics, error rates by thousands of simulated experiments, variance removed on a real
log, off-policy estimates beside what was logged, and the generated world, whose truth is known. Each part prints its
figures, and every figure that has a limit is printed beside it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from app.cli.bench import statistics_parts
from app.cli.bench.result import Target, conclude
from app.cli.bench.statistics_parts import SEED, Measures, Part, Size

WORLD_SEEDS, LONG_WORLD_SEEDS = (SEED,), (SEED, SEED + 1, SEED + 2, SEED + 3)
PARTS: Mapping[str, Callable[[Size], Part]] = {
    "agreement": statistics_parts.agreement,
    "peeking": statistics_parts.peeking,
    "coverage": statistics_parts.covering,
    "cuped": statistics_parts.cuped,
    "off-policy": statistics_parts.off_policy,
    "world": statistics_parts.world,
}


@click.command()
@click.option("--long", "is_long", is_flag=True, help="100 experiments in the generated world and in the null one.")
@click.option("--runs", default=2000, show_default=True, help="Simulated experiments of each kind.")
@click.option("--only", "parts", multiple=True, type=click.Choice(list(PARTS)), help="May be given several times.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(is_long: bool, runs: int, parts: tuple[str, ...], json_file: Path | None) -> None:
    """Whether what experiments say is true, by simulation and beside another house's statistics."""
    began = time.monotonic()
    size = Size(
        runs=runs,
        off_policy_runs=max(runs // 4, 1),
        world_seeds=LONG_WORLD_SEEDS if is_long else WORLD_SEEDS,
        seeds=25 if is_long else 10,
        people=4000 if is_long else 2000,
        is_long=is_long,
    )
    measures: Measures = {}
    targets: list[Target] = []
    for name in parts or PARTS:
        started = time.monotonic()
        click.echo(f"{name}:")
        found, limits = PARTS[name](size)
        measures, targets = measures | found, targets + limits
        click.echo(f"  ({time.monotonic() - started:.0f} s)\n")
    met = conclude("statistics", measures, targets, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)
