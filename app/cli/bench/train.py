"""`attune bench train`: a whole training at size, its costliest parts, its growth, and the kernel that serves it.

Each part runs in a process of its own on two cores, so that its peak memory is its own: every model of a shop of
1,000,000 interactions chosen, examined, refitted and written; GRU4Rec alone; implicit's own fit beside the bare
library; the training of larger shops; and, on the published model, requests and batches of shoppers.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from app.cli.bench.result import Target, conclude

INTERACTIONS, PRODUCTS, SHOPPERS = 1_000_000, 20_000, 100_000
LARGER, LARGEST = 3, 10
MIB_OF_4_GB = 4_000_000_000 / 1024**2
TARGETS: Mapping[str, list[Target]] = {
    "models": [Target("train_seconds", "<=", 600.0), Target("train_peak_mib", "<=", round(MIB_OF_4_GB))],
    "gru": [Target("gru_epochs", ">=", 5.0), Target("gru_events", ">=", 500_000.0)],
    "implicit": [Target("implicit_ratio", "<=", 1.1)],
    "growth": [Target("growth", "<=", 1.0)],
    "kernel": [
        Target("kernel_p99_ms", "<=", 1.0),
        Target("kernel_forest_p99_ms", "<=", 1.0),
        Target("batch_per_s", ">=", 5000.0),
    ],
}

Measures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Size:
    """What is measured. `interactions` with the products and shoppers of a shop; `larger`: multiples of it."""

    interactions: int
    products: int
    shoppers: int
    larger: tuple[int, ...]
    folder: Path


@click.command()
@click.option("--interactions", default=INTERACTIONS, show_default=True, help="Views and bought lines.")
@click.option("--products", default=PRODUCTS, show_default=True)
@click.option("--shoppers", default=SHOPPERS, show_default=True)
@click.option("--long", "is_long", is_flag=True, help=f"Also {LARGEST} times as many interactions, for the growth.")
@click.option("--only", "parts", multiple=True, type=click.Choice(list(TARGETS)), help="May be given several times.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(
    interactions: int, products: int, shoppers: int, is_long: bool, parts: tuple[str, ...], json_file: Path | None
) -> None:
    """A whole training at size, how its cost grows, and how quickly its models answer."""
    began = time.monotonic()
    chosen = parts or tuple(TARGETS)
    measures: Measures = {}
    with tempfile.TemporaryDirectory(prefix="attune-bench-") as name:
        larger = (LARGER, LARGEST) if is_long else (LARGER,)
        size = Size(interactions, products, shoppers, larger, Path(name))
        for part in PARTS:
            # Growth and the kernel need the model that the first part trains.
            if part in chosen or (part == "models" and {"growth", "kernel"} & set(chosen)):
                started = time.monotonic()
                click.echo(f"{part}:")
                measures |= PARTS[part](size, measures)
                click.echo(f"  ({time.monotonic() - started:.0f} s)\n")
    targets = [target for part in chosen for target in TARGETS[part]]
    met = conclude("train", measures, targets, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def models(size: Size, _: Measures) -> Measures:
    """All models of the shop."""
    found = _child("train", size, folder=size.folder)
    rails = ", ".join(
        name.removeprefix("rail_") for name, passed in found.items() if name.startswith("rail_") and passed
    )
    blends = ", ".join(
        name.removeprefix("blend_") for name, used in found.items() if name.startswith("blend_") and used
    )
    click.echo(
        f"  {size.interactions:,} interactions, {size.products:,} products, {size.shoppers:,} shoppers: "
        f"{found['seconds']:.0f} s (chosen and examined in {found['learn_s']:.0f}, refitted in {found['build_s']:.0f}, "
        f"written in {found['write_s']:.1f}), peak {found['peak_mib']:,.0f} MiB\n"
        f"  rails that passed: {rails or 'none'}; blends in use: {blends or 'none'}"
    )
    return _named("train", found)


def gru(size: Size, _: Measures) -> Measures:
    """GRU4Rec by itself."""
    found = _child("gru", size)
    click.echo(
        f"  {found['events']:,.0f} events, {found['epochs']:.0f} epochs: {found['seconds']:.0f} s, "
        f"peak {found['peak_mib']:,.0f} MiB"
    )
    return _named("gru", found)


def implicit(size: Size, _: Measures) -> Measures:
    """Our job's factors beside the bare library's."""
    found = _child("implicit", size)
    found["ratio"] = found["ours_s"] / found["bare_s"]
    click.echo(f"  ours {found['ours_s']:.2f} s, bare {found['bare_s']:.2f} s, ratio {found['ratio']:.3f}")
    return _named("implicit", found)


def growth(size: Size, known: Measures) -> Measures:
    """The cost of an interaction in larger shops, as a multiple of the first one's."""
    measures: Measures = {}
    for times in size.larger:
        found = _child("train", size, interactions=times * size.interactions)
        ratio = found["seconds"] / known["train_seconds"] / times
        click.echo(
            f"  {times} times as many: {found['seconds']:.0f} s, each costs {ratio:.2f} of before; "
            f"peak {found['peak_mib']:,.0f} MiB"
        )
        measures |= _named(f"train_{times}", found) | {f"growth_{times}": ratio}
    return measures | {"growth": max(value for name, value in measures.items() if name.startswith("growth_"))}


def kernel(size: Size, _: Measures) -> Measures:
    """Requests one by one and shoppers in a batch, on the published model."""
    found = _run("app.cli.bench.kernel", {"folder": str(size.folder)})
    click.echo(
        f"  one request: median {found['p50_ms']:.2f} ms, p99 {found['p99_ms']:.2f} ms, at {found['items']:,.0f} "
        f"products ({found['signals_p50_ms']:.2f} ms of it for signals); without sliders "
        f"{found['plain_p50_ms']:.2f} ms; {found['candidates']:.0f} candidates ordered in "
        f"{found['forest_p50_ms']:.2f} ms; {found['batch_per_s']:,.0f} shoppers/s in a batch"
    )
    return _named("kernel", found) | {"batch_per_s": found["batch_per_s"]}


PARTS: Mapping[str, Callable[[Size, Measures], Measures]] = {
    "models": models,
    "gru": gru,
    "implicit": implicit,
    "growth": growth,
    "kernel": kernel,
}


def _child(part: str, size: Size, *, interactions: int | None = None, folder: Path | None = None) -> Measures:
    """Run one part in a process of its own; what it writes and nobody asked for goes again."""
    with tempfile.TemporaryDirectory(prefix="attune-bench-") as name:
        task = {
            "part": part,
            "interactions": interactions or size.interactions,
            "products": size.products,
            "shoppers": size.shoppers,
            "folder": str(folder or name),
        }
        return _run("app.cli.bench.train_child", task)


def _run(module: str, task: Mapping[str, object]) -> Measures:
    done = subprocess.run([sys.executable, "-m", module], input=orjson.dumps(task), capture_output=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"{module} failed:\n{done.stderr.decode()[-2000:]}")
    measured: Measures = orjson.loads(done.stdout)
    return measured


def _named(part: str, found: Measures) -> Measures:
    return {f"{part}_{name}": value for name, value in found.items()}
