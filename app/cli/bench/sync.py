"""`attune bench sync`: the import of a bulk file of orders beside DuckDB's reading of the same file, in the same run.

The import runs in a process of its own, so that its peak memory is its own: lines over HTTP, personal fields sealed,
into an embedded PostgreSQL with fsync, indexes and row-level security, as the app's role. DuckDB reads the file from
disk into a file with two threads, once before and once after, and seals nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean

import click
import orjson

from app.adapters.embedded.postgres import APP_ROLE, OWNER, EmbeddedPostgres
from app.cli import migrations
from app.cli.bench import sync_file
from app.cli.bench.result import Target, conclude

LINES = 1_000_000
LONG_LINES = 4_000_000
MIB = 1024 * 1024
TARGETS = [Target("time_ratio", "<=", 25.0), Target("peak_rss_mib", "<=", 400.0)]
LONG_TARGET = Target("rss_growth", "<=", 1.1)

Measured = dict[str, float]


@click.command()
@click.option("--lines", default=LINES, show_default=True, help="Lines of the file.")
@click.option("--long", "is_long", is_flag=True, help=f"Also {LONG_LINES:,} lines, for the growth of memory.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(lines: int, is_long: bool, json_file: Path | None) -> None:
    """The import of orders beside DuckDB's reading of the same file."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        measures = _round(folder, lines)
        targets = TARGETS
        if is_long:
            longer = _round(folder, LONG_LINES)
            measures |= {f"long_{key}": value for key, value in longer.items()}
            measures["rss_growth"] = longer["peak_rss_mib"] / measures["peak_rss_mib"]
            targets = [*TARGETS, LONG_TARGET]
    met = conclude("sync", measures, targets, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def _round(folder: Path, lines: int) -> Measured:
    """Write a file, import it, have DuckDB read it."""
    file = folder / f"orders-{lines}.jsonl"
    orders, items = sync_file.write(file, lines=lines)
    size = file.stat().st_size
    click.echo(f"{lines:,} lines, {size / MIB:.0f} MiB: {orders:,} orders with {items:,} lines")
    rival = [_duckdb(file)]
    ours = _import(folder, file, orders=orders, items=items)
    rival.append(_duckdb(file))
    file.unlink()
    ratio = ours["seconds"] / mean(rival)
    click.echo(
        f"import {ours['seconds']:.1f} s ({lines / ours['seconds']:,.0f} lines/s), "
        f"peak {ours['peak_rss_mib']:.0f} MiB; DuckDB {mean(rival):.2f} s; ratio {ratio:.1f}"
    )
    return {
        "lines": float(lines),
        "orders": float(orders),
        "file_mib": size / MIB,
        "import_s": ours["seconds"],
        "import_cpu_s": ours["cpu_s"],
        "lines_per_s": lines / ours["seconds"],
        "peak_rss_mib": ours["peak_rss_mib"],
        "duckdb_s": mean(rival),
        "time_ratio": ratio,
    }


def _import(folder: Path, file: Path, *, orders: int, items: int) -> Measured:
    """Import into a fresh server, in a child process."""
    with _postgres(folder) as url:
        task = {"url": url, "file": str(file), "products": sync_file.PRODUCTS, "objects": orders + items}
        measured = _child("app.cli.bench.sync_child", task)
    if (measured["orders"], measured["order_lines"], measured["problems"]) != (orders, items, 0):
        raise click.ClickException(f"the import is not complete: {measured}")
    return measured


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A fresh server with the app's tables; gives the address for the app's role."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir=folder, ignore_cleanup_errors=True) as data:
        Path(data).chmod(0o755)
        server = EmbeddedPostgres(Path(data))
        server.start()
        try:
            migrations.upgrade(server.url(OWNER))
            yield server.url(APP_ROLE)
        finally:
            server.stop()


def _duckdb(file: Path) -> float:
    return _child("app.cli.bench.sync_rival", {"file": str(file)})["seconds"]


def _child(module: str, task: dict[str, object]) -> Measured:
    done = subprocess.run([sys.executable, "-m", module], input=orjson.dumps(task), capture_output=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"{module} failed:\n{done.stderr.decode()[-2000:]}")
    measured: Measured = orjson.loads(done.stdout)
    return measured
