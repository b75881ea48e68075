"""`attune bench serve`: what one recommendation costs the web process, beside what Flask alone costs.

Three servers with the same gunicorn settings stand on one core; the generator stands on another and loads them in
turn. Judged is CPU per request of the web worker, because throughput on a shared machine says more about the machine.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import click
import orjson

from app.cli.bench.result import Target, conclude
from app.cli.bench.rivals import BODY_FILE, PATH
from app.cli.bench.stand import DOMAIN, PRODUCTS, ROOT, Stand, cpu_seconds

CONNECTIONS = 8
QUESTIONS = 400
START_RUNS = 5
BARE_IMPORT = "import flask, sqlmodel, psycopg, redis, numpy, rq, shopify"
WEB_START = "import app.web.wsgi"
TARGETS = [
    Target("cpu_ratio_bare", ">=", 0.30),
    Target("cpu_ratio_signed", ">=", 0.50),
    Target("start_ratio", "<=", 1.5),
]

Measured = dict[str, float]


@click.command()
@click.option("--rounds", default=7, show_default=True, help="Rounds; medians are reported.")
@click.option("--seconds", default=10.0, show_default=True, help="Seconds of load on each server and round.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(rounds: int, seconds: float, json_file: Path | None) -> None:
    """The recommendations route beside a bare and a signed Flask route."""
    began = time.monotonic()
    cores = sorted(os.sched_getaffinity(0))
    web_core, own_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    if own_core is None:
        click.echo("only one core: servers and generator share it, latencies mean little")
    else:
        os.sched_setaffinity(0, {own_core})  # The services are children of ours and stay off the servers' core too.
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stand = Stand(Path(folder))
        try:
            stand.open()
            measures = _start_times(stand) | _serve(stand, web_core, own_core, rounds, seconds, Path(folder))
        finally:
            stand.close()
    _print(measures)
    met = conclude("serve", measures, TARGETS, json_file)
    click.echo(f"took {time.monotonic() - began:.0f} s")
    sys.exit(0 if met else 1)


def _serve(
    stand: Stand, web_core: int | None, own_core: int | None, rounds: int, seconds: float, folder: Path
) -> Measured:
    port, pid = stand.start("app.web.wsgi:app", core=web_core)
    body = folder / "answer.json"
    body.write_bytes(_warm(stand, port))
    extra = {BODY_FILE: str(body)}
    servers = {
        "bare": stand.start("app.cli.bench.rivals:bare()", core=web_core, extra=extra),
        "signed": stand.start("app.cli.bench.rivals:signed()", core=web_core, extra=extra),
        "attune": (port, pid),
    }
    results: dict[str, list[Measured]] = {name: [] for name in servers}
    for number in range(-1, rounds):
        for name, (target_port, worker) in servers.items():
            length = 1.0 if number < 0 else seconds  # The first round only warms up.
            measured = _load(stand, target_port, worker, own_core, length)
            if number >= 0:
                results[name].append(measured)
        if number >= 0:
            last = {name: 1e6 * runs[-1]["cpu_s"] for name, runs in results.items()}
            click.echo(f"round {number + 1}: CPU µs/request " + ", ".join(f"{n} {v:.0f}" for n, v in last.items()))
    return _medians(results)


def _load(stand: Stand, port: int, worker: int, core: int | None, seconds: float) -> Measured:
    task = {
        "port": port,
        "targets": questions(stand.secret),
        "connections": CONNECTIONS,
        "seconds": seconds,
        "core": core,
    }
    before = cpu_seconds(worker)
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.bench.load"],
        input=orjson.dumps(task),
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    measured: Measured = orjson.loads(done.stdout)
    if measured["failed"]:
        raise click.ClickException(f"{measured['failed']:.0f} requests were not answered with 200")
    measured["cpu_s"] = (cpu_seconds(worker) - before) / measured["requests"]
    measured["throughput"] = measured["requests"] / measured["seconds"]
    return measured


def questions(secret: str) -> list[str]:
    """Signed targets, all different: any product, a consenting visitor, every fourth with two products in the cart."""
    chance = random.Random(1)  # noqa: S311 - a seeded load, no secret
    targets = []
    for number in range(QUESTIONS):
        cart = ",".join(str(chance.randint(1, PRODUCTS)) for _ in range(2)) if number % 4 == 0 else ""
        fields = {
            "placement": "product",
            "product_id": str(chance.randint(1, PRODUCTS)),
            "visitor": f"{chance.getrandbits(128):032x}",
            "cart": cart,
            "limit": "8",
            "shop": DOMAIN,
            "path_prefix": "/apps/attune",
            "timestamp": str(int(time.time())),
            "logged_in_customer_id": "",
        }
        message = "".join(f"{name}={value}" for name, value in sorted(fields.items())).encode()
        signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        targets.append(f"{PATH}?{urlencode({**fields, 'signature': signature})}")
    return targets


def _warm(stand: Stand, port: int) -> bytes:
    """Wait until the shop is mapped; returns an answer with a full rail."""
    for _ in range(200):
        with urlopen(f"http://127.0.0.1:{port}{questions(stand.secret)[1]}", timeout=10) as answer:
            body: bytes = answer.read()
        if len(orjson.loads(body)["items"]) == 8:
            return body
        time.sleep(0.1)
    raise click.ClickException("the shop was not mapped within 20 s")


def _start_times(stand: Stand) -> Measured:
    """Seconds from exec to a ready application, and of the bare import of the libraries that it stands on."""
    times: dict[str, list[float]] = {BARE_IMPORT: [], WEB_START: []}
    for number in range(START_RUNS + 1):
        for code, taken in times.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, env=stand.env, cwd=ROOT)
            if number:  # The first run fills the caches.
                taken.append(time.perf_counter() - began)
    bare, web = (statistics.median(taken) for taken in times.values())
    return {"import_s": bare, "start_s": web, "start_ratio": web / bare}


def _medians(results: dict[str, list[Measured]]) -> Measured:
    measures: Measured = {}
    for name, runs in results.items():
        for key in ("throughput", "p50_ms", "p99_ms", "cpu_s", "own_cpu_s"):
            measures[f"{name}_{key}"] = statistics.median(run[key] for run in runs)
    for rival in ("bare", "signed"):
        pairs = list(zip(results[rival], results["attune"], strict=True))
        measures[f"cpu_ratio_{rival}"] = statistics.median(a["cpu_s"] / b["cpu_s"] for a, b in pairs)
        measures[f"throughput_ratio_{rival}"] = statistics.median(b["throughput"] / a["throughput"] for a, b in pairs)
    return measures


def _print(measures: Measured) -> None:
    click.echo(f"\n{'':>8} {'req/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs/request':>15} {'generator CPU s':>16}")
    for name in ("bare", "signed", "attune"):
        row = {key: measures[f"{name}_{key}"] for key in ("throughput", "p50_ms", "p99_ms", "cpu_s", "own_cpu_s")}
        click.echo(
            f"{name:>8} {row['throughput']:>9.0f} {row['p50_ms']:>8.2f} {row['p99_ms']:>8.2f} "
            f"{1e6 * row['cpu_s']:>15.0f} {row['own_cpu_s']:>16.2f}"
        )
    for rival in ("bare", "signed"):
        cpu, throughput = (measures[f"{what}_ratio_{rival}"] for what in ("cpu", "throughput"))
        click.echo(f"of {rival}: per CPU-second {cpu:.2f}, throughput {throughput:.2f}")
    click.echo(f"start {measures['start_s']:.2f} s, bare import {measures['import_s']:.2f} s\n")
