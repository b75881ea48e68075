"""`attune bench ingest`: what one post of events costs the web process, and how soon an event changes a rail.

The web process stands on one core; generator, Redis and stream worker share the other. Redis writes its append-only
file once a second, then after every command (``appendfsync``); in the same run stand a Flask route that only parses
the JSON, and what Redis takes of the same entries raw.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
import redis
from sqlalchemy import text

from app.adapters.redis import keys
from app.cli.bench.ingest_bodies import KEY, an_event, requests
from app.cli.bench.ingest_probe import delays_ms
from app.cli.bench.result import Target, conclude
from app.cli.bench.stand import DOMAIN, ROOT, Stand, cpu_seconds
from app.config import load
from app.core.events import parse
from app.wiring.web import Web

CONNECTIONS = 8
START_S = 60.0
EVENTS_EACH = {"single": 1, "triple": 3}
POLICIES = ("everysec", "always")
TARGETS = [
    *(Target(f"{policy}_single_posts_s", ">=", 600) for policy in POLICIES),
    *(Target(f"{policy}_triple_events_s", ">=", 2000) for policy in POLICIES),
    *(Target(f"{policy}_change_p99_ms", "<=", 500) for policy in POLICIES),
    *(Target(f"{policy}_change_events_s", ">=", 190) for policy in POLICIES),
]
PROFILE = text("""
    INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at)
    VALUES (:shop, 'Bench', 'EUR', 'UTC', :key, clock_timestamp())
""")

Measured = dict[str, float]


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Rounds; medians are reported.")
@click.option("--seconds", default=4.0, show_default=True, help="Seconds of each load and round.")
@click.option("--probe-seconds", default=20.0, show_default=True, help="Seconds of watching events change rails.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(rounds: int, seconds: float, probe_seconds: float, json_file: Path | None) -> None:
    """The door for events beside a bare Flask route and Redis' own limit."""
    began = time.monotonic()
    cores = sorted(os.sched_getaffinity(0))
    web_core, own_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    if own_core is None:
        click.echo("only one core: server and generator share it, the figures mean little")
    else:
        os.sched_setaffinity(0, {own_core})  # The services are children of ours and stay off the server's core too.
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stand = Stand(Path(folder))
        try:
            stand.open()
            measures = _measure(stand, web_core, own_core, rounds, seconds, probe_seconds)
        finally:
            stand.close()
    _print(measures)
    met = conclude("ingest", measures, TARGETS, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def _measure(
    stand: Stand, web_core: int | None, own_core: int | None, rounds: int, seconds: float, probe_seconds: float
) -> Measured:
    give_key(stand)
    connection = redis.Redis.from_url(stand.env["REDIS_URL"])
    servers = {
        "bare": stand.start("app.cli.bench.ingest_rivals:bare()", core=web_core),
        "attune": stand.start("app.web.wsgi:app", core=web_core),
    }
    measures: Measured = {"parser_us": _parser_us()}
    for policy in POLICIES:
        connection.config_set("appendfsync", policy)
        loads = _loads(connection, servers, own_core, rounds, seconds)
        raw = _raw(stand, connection, own_core, rounds, seconds)
        with stream_worker(stand, connection):
            delays, rate = delays_ms(servers["attune"][0], stand.secret, seconds=probe_seconds)
        found = {
            **loads,
            "raw_entries_s": raw,
            "change_p50_ms": statistics.median(delays),
            "change_p99_ms": delays[int(len(delays) * 0.99)],
            "change_probes": float(len(delays)),
            "change_events_s": rate,
        }
        measures |= {f"{policy}_{name}": value for name, value in found.items()}
    return measures


def give_key(stand: Stand) -> None:
    """Let the shop have a key for its doors."""
    wiring = Web(load(stand.env))
    try:
        shop = wiring.shops.by_domain(DOMAIN)
        assert shop is not None
        with wiring.database.shop(shop.id) as session:
            session.execute(PROFILE, {"shop": shop.id, "key": KEY})
    finally:
        wiring.close()


def _loads(
    connection: redis.Redis, servers: dict[str, tuple[int, int]], core: int | None, rounds: int, seconds: float
) -> Measured:
    """Medians of every load on every server: posts and events a second, latency, CPU of the web worker a post."""
    runs: dict[str, list[Measured]] = {}
    for number in range(-1, rounds):
        for server, (port, worker) in servers.items():
            for load_name, events in EVENTS_EACH.items():
                length = 1.0 if number < 0 else seconds  # The first round only warms up.
                measured = _load(port, worker, requests(events), core, length)
                connection.delete(keys.EVENTS)
                if number >= 0:
                    name = load_name if server == "attune" else f"{server}_{load_name}"
                    runs.setdefault(name, []).append(measured)
    medians: Measured = {}
    for name, found in runs.items():
        each = EVENTS_EACH[name.removeprefix("bare_")]
        posts = statistics.median(run["requests"] / run["seconds"] for run in found)
        medians |= {f"{name}_posts_s": posts, f"{name}_events_s": posts * each}
        medians |= {f"{name}_{key}": statistics.median(run[key] for run in found) for key in ("p50_ms", "p99_ms")}
        medians[f"{name}_cpu_us"] = 1e6 * statistics.median(run["cpu_s"] for run in found)
    return medians


def _load(port: int, worker: int, posts: list[str], core: int | None, seconds: float) -> Measured:
    task = {
        "port": port,
        "requests": posts,
        "connections": CONNECTIONS,
        "seconds": seconds,
        "core": core,
        "status": 202,
    }
    before = cpu_seconds(worker)
    measured = _child("app.cli.bench.load", task)
    if measured["failed"]:
        raise click.ClickException(f"{measured['failed']:.0f} posts were not answered with 202")
    measured["cpu_s"] = (cpu_seconds(worker) - before) / measured["requests"]
    return measured


def _raw(stand: Stand, connection: redis.Redis, core: int | None, rounds: int, seconds: float) -> float:
    """Entries a second that Redis takes from as many connections without us."""
    path = stand.env["REDIS_URL"].removeprefix("unix://")
    task = {"socket": path, "connections": CONNECTIONS, "seconds": seconds, "core": core}
    rates = []
    for _ in range(rounds):
        rates.append(_child("app.cli.bench.ingest_rivals", task)["throughput"])
        connection.delete(keys.EVENTS)
    return statistics.median(rates)


def _child(module: str, task: dict[str, Any]) -> Measured:
    """Run a load in a process of its own; returns what it measured."""
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, input=orjson.dumps(task), stdout=subprocess.PIPE, check=True, cwd=ROOT)
    measured: Measured = orjson.loads(done.stdout)
    return measured


@contextmanager
def stream_worker(stand: Stand, connection: redis.Redis) -> Iterator[None]:
    """The stream's readers, as the Procfile runs them, once they are reading."""
    connection.delete(keys.EVENTS)
    log = Path(stand.env["ATTUNE_DATA_DIR"]) / "stream.log"
    with log.open("ab") as errors:
        worker = subprocess.Popen([sys.executable, "-m", "workers.stream"], env=stand.env, cwd=ROOT, stderr=errors)
    try:
        _wait_for_readers(connection)
        yield
    except TimeoutError as error:
        raise click.ClickException(f"{error}; the stream worker said:\n{log.read_text()[-2000:]}") from error
    finally:
        worker.terminate()
        worker.wait(timeout=60)


def _wait_for_readers(connection: redis.Redis) -> None:
    deadline = time.monotonic() + START_S
    while not connection.exists(keys.EVENTS):  # The groups come with it.
        if time.monotonic() > deadline:
            raise TimeoutError(f"no reader has come within {START_S:.0f} s")
        time.sleep(0.05)


def _parser_us() -> float:
    """CPU microseconds that consent and schema checks take for one event."""

    chance, now = random.Random(5), datetime.now(UTC)  # noqa: S311 - a seeded load, no secret
    events = [an_event(chance) for _ in range(2000)]
    began = time.process_time()
    for event in events:
        parse(event, now=now)
    return 1e6 * (time.process_time() - began) / len(events)


def _print(measures: Measured) -> None:
    click.echo(f"\n{'':>24} {'posts/s':>9} {'events/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs/post':>12}")
    for policy in POLICIES:
        for name in ("bare_single", "single", "bare_triple", "triple"):
            at = f"{policy}_{name}_"
            row = [measures[at + key] for key in ("posts_s", "events_s", "p50_ms", "p99_ms", "cpu_us")]
            click.echo(
                f"{policy + ' ' + name:>24} {row[0]:>9.0f} {row[1]:>9.0f} {row[2]:>8.2f} {row[3]:>8.2f} {row[4]:>12.0f}"
            )
    for policy in POLICIES:
        change = {key: measures[f"{policy}_change_{key}"] for key in ("p50_ms", "p99_ms", "probes", "events_s")}
        click.echo(
            f"{policy}: an event changes the next rail after p50 {change['p50_ms']:.1f} ms, "
            f"p99 {change['p99_ms']:.1f} ms at {change['events_s']:.0f} events/s, {change['probes']:.0f} probes; "
            f"Redis alone takes {measures[f'{policy}_raw_entries_s']:.0f} entries/s"
        )
    click.echo(f"the parser takes {measures['parser_us']:.1f} µs an event\n")
