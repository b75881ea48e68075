"""`attune bench segments`: whole nightly segmentations of large shops, on two cores, in a process of their own.

A night is everything between the claim and the commit: the store's rows out of PostgreSQL, behaviour out of the lake,
built-in and ten merchant's rules, the comparison with the night before, and the members and their history written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
import psycopg

from app.adapters.db.engine import Database
from app.adapters.db.shops import DbShops
from app.adapters.embedded.postgres import APP_ROLE, OWNER, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.adapters.lake.files import LakeFiles
from app.cli import migrations
from app.cli.bench import erasure, segments_live, segments_world
from app.cli.bench.result import Target, conclude
from app.cli.bench.segments_world import Size
from app.core.ids import ShopDomain
from app.core.shops import ShopState

EVENTS = 20_000_000
SHARES = (0.1, 0.5, 1.0)
SECONDS, MEMORY_MIB = 90.0, 2500.0
LINEAR = 1.1
"""How much dearer an event of the largest shop may be than one of the smallest."""

Measured = dict[str, float]


@click.command()
@click.option("--events", default=EVENTS, show_default=True, help="Events of the largest shop; 40 for each customer.")
@click.option("--alone", is_flag=True, help="Only the largest shop, without the smaller ones for the growth.")
@click.option("--only", type=click.Choice(["night", "live", "erasure"]), help="One part of it.")
@click.option("--seconds", default=30.0, show_default=True, help="How long live rules are probed.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(events: int, alone: bool, only: str | None, seconds: float, json_file: Path | None) -> None:
    """The nightly segmentation of large shops, how it grows, how soon live rules are followed, and an erasure there."""
    began = time.monotonic()
    measures: Measured = {}
    targets: list[Target] = []
    if only in {None, "night"}:
        measures, targets = _nights(events, alone=alone)
    if only in {None, "live"}:
        measures |= segments_live.measure_live(seconds=seconds)
        targets += segments_live.TARGETS
    if only in {None, "erasure"}:
        measures |= erasure.measure(events)
        targets += erasure.TARGETS
    met = conclude("segments", measures, targets, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def _nights(events: int, *, alone: bool) -> tuple[Measured, list[Target]]:
    """The nights of the largest shop and of smaller ones."""
    rounds = {}
    for share in (1.0,) if alone else SHARES:
        with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o755)
            rounds[share] = _round(folder, Size(round(events * share)))
    measures = dict(rounds[1.0])
    targets = [Target("night_s", "<=", SECONDS), Target("peak_mib", "<=", MEMORY_MIB)]
    if not alone:
        for share in SHARES[:-1]:
            measures |= {f"{key}_at_{share:g}": value for key, value in rounds[share].items()}
        measures["growth"] = measures["night_s"] / rounds[SHARES[0]]["night_s"] * SHARES[0]
        # The same in the process's own CPU seconds, for machines that have something else to do.
        measures["cpu_growth"] = measures["first_cpu_s"] / rounds[SHARES[0]]["first_cpu_s"] * SHARES[0]
        targets.append(Target("growth", "<=", LINEAR))
    return measures, targets


def _round(folder: Path, size: Size) -> Measured:
    """Fill a shop and segment it twice; the slower night counts."""
    began = time.monotonic()
    with _services(folder) as (url, owner, redis):
        database = Database(url)
        shop = DbShops(database).put(ShopDomain("bench.myshopify.com"), ShopState.INSTALLED)
        database.close()
        lake = folder / "lake"
        segments_world.fill_store(url, shop.id, size)
        _analyze(owner)
        segments_world.fill_lake(LakeFiles.at(lake.as_uri()), shop.id, size)
        click.echo(f"{size.events:,} events, {size.customers:,} customers, made in {time.monotonic() - began:.0f} s")
        task = {"url": url, "redis": redis, "lake": lake.as_uri(), "folder": str(folder), "shop": int(shop.id)}
        measured = _child(task)
    measured["night_s"] = max(measured["first_s"], measured["second_s"])
    click.echo(
        f"first night {measured['first_s']:.1f} s (counting {measured['first_counting_s']:.1f} s, "
        f"own CPU {measured['first_cpu_s']:.1f} s, "
        f"{measured['first_entered']:,.0f} entered), second {measured['second_s']:.1f} s "
        f"({measured['second_entered']:,.0f} entered, {measured['second_left']:,.0f} left); "
        f"peak {measured['peak_mib']:.0f} MiB"
    )
    return measured | {"events": float(size.events), "customers": float(size.customers)}


@contextmanager
def _services(folder: Path) -> Iterator[tuple[str, str, str]]:
    """A fresh PostgreSQL with the app's tables, and a Redis: addresses for the app, for the owner, and of Redis."""
    with tempfile.TemporaryDirectory(prefix="services-", dir=folder, ignore_cleanup_errors=True) as data:
        Path(data).chmod(0o755)
        postgres, redis = EmbeddedPostgres(Path(data)), EmbeddedRedis(Path(data))
        postgres.start()
        redis.start()
        try:
            migrations.upgrade(postgres.url(OWNER))
            yield postgres.url(APP_ROLE), postgres.url(OWNER), redis.url
        finally:
            redis.stop()
            postgres.stop()


def _analyze(owner: str) -> None:
    """What autovacuum does within a minute of so many new rows; only the tables' owner may."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _child(task: dict[str, object]) -> Measured:
    module = "app.cli.bench.segments_child"
    done = subprocess.run([sys.executable, "-m", module], input=orjson.dumps(task), capture_output=True, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"{module} failed:\n{done.stderr.decode()[-3000:]}")
    measured: Measured = orjson.loads(done.stdout)
    return measured
