"""`attune bench serve`: what one recommendation costs the web process, beside what Flask alone costs.

Three servers with the same gunicorn settings stand on one core; the generator stands on another and loads them in
turn: two rivals, and ours with the questions of a product's page, of the home page and of a cart, while a hold-out and
two experiments run. Judged is CPU per request of the web worker, because throughput on a shared machine says more about
the machine; every load has its own limits, which are targets. The product feeds for mails are asked for at the end.
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

from app.cli.bench import feeds
from app.cli.bench.result import Target, conclude
from app.cli.bench.rivals import BODY_FILE, PATH
from app.cli.bench.stand import DOMAIN, KNOWN_SHOPPERS, PRODUCTS, ROOT, Stand, cpu_seconds, page_of, visitor
from app.core.ids import VisitorId
from app.core.recommend.types import Placement, default_rail

CONNECTIONS = 8
QUESTIONS = 400
START_RUNS = 5
BARE_IMPORT = "import flask, sqlmodel, psycopg, redis, numpy, rq, shopify"
WEB_START = "import app.web.wsgi"
RIVALS = ("bare", "signed")
PAGES = {"attune": Placement.PRODUCT, "home": Placement.HOME, "cart": Placement.CART}
"""Our loads; the first one's name is that of the measures since there was only the product's page."""
LIMITS = {"attune": (0.30, 0.50), "home": (0.20, 0.35), "cart": (0.30, 0.50)}
"""How much of each rival's requests per CPU-second each load must reach."""


def _suffix(page: str) -> str:
    return "" if page == "attune" else f"_{page}"


TARGETS = [
    *(
        Target(f"cpu_ratio_{rival}{_suffix(page)}", ">=", bound)
        for page, bounds in LIMITS.items()
        for rival, bound in zip(RIVALS, bounds, strict=True)
    ),
    Target("start_ratio", "<=", 1.5),
    *feeds.TARGETS,
]

Measured = dict[str, float]


@click.command()
@click.option("--rounds", default=7, show_default=True, help="Rounds; medians are reported.")
@click.option("--seconds", default=10.0, show_default=True, help="Seconds of load on each server and round.")
@click.option("--ranked", is_flag=True, help="Rank the home rail by blends of many signals, not by factors.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(rounds: int, seconds: float, ranked: bool, json_file: Path | None) -> None:
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
        stand = Stand(Path(folder), ranked=ranked)
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
        **dict.fromkeys(PAGES, (port, pid)),
    }
    results: dict[str, list[Measured]] = {name: [] for name in servers}
    for number in range(-1, rounds):
        for name, (target_port, worker) in servers.items():
            length = 1.0 if number < 0 else seconds  # The first round only warms up.
            targets = questions(stand.secret, PAGES.get(name, Placement.PRODUCT))
            measured = _load(target_port, worker, targets, own_core, length)
            if number >= 0:
                results[name].append(measured)
        if number >= 0:
            last = {name: 1e6 * runs[-1]["cpu_s"] for name, runs in results.items()}
            click.echo(f"round {number + 1}: CPU µs/request " + ", ".join(f"{n} {v:.0f}" for n, v in last.items()))
    return _medians(results) | feeds.measure(stand, port)


def _load(port: int, worker: int, targets: list[str], core: int | None, seconds: float) -> Measured:
    task = {"port": port, "targets": targets, "connections": CONNECTIONS, "seconds": seconds, "core": core}
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


def questions(secret: str, placement: Placement = Placement.PRODUCT) -> list[str]:
    """Signed targets, all different, of consenting visitors whose browsers know their arms.

    On a product's page any product, every fourth with two products in the cart; on the home page shoppers of whom all
    is known, every other one signed in; in the cart one to four products.
    """
    chance = random.Random(1)  # noqa: S311 - a seeded load, no secret
    asked = [_fields(placement, number, chance) for number in range(QUESTIONS)]
    rail = default_rail(placement)
    return [_signed(secret, one | {"arms": page_of(rail, VisitorId(one["visitor"]))}) for one in asked]


def _fields(placement: Placement, number: int, chance: random.Random) -> dict[str, str]:
    products = [str(chance.randint(1, PRODUCTS)) for _ in range(4)]
    stranger = f"{chance.getrandbits(128):032x}"
    common = {"placement": str(placement), "limit": "8", "visitor": stranger, "logged_in_customer_id": ""}
    if placement is Placement.HOME:
        known = number % KNOWN_SHOPPERS
        return common | {"visitor": visitor(known), "logged_in_customer_id": str(known + 1) if number % 2 else ""}
    if placement is Placement.CART:
        return common | {"cart": ",".join(products[: 1 + number % 4])}
    return common | {"product_id": products[0], "cart": ",".join(products[1:3]) if number % 4 == 0 else ""}


def _signed(secret: str, asked: dict[str, str]) -> str:
    own = {"shop": DOMAIN, "path_prefix": "/apps/attune", "timestamp": str(int(time.time()))}
    fields = asked | own
    message = "".join(f"{name}={value}" for name, value in sorted(fields.items())).encode()
    signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"{PATH}?{urlencode({**fields, 'signature': signature})}"


def _warm(stand: Stand, port: int) -> bytes:
    """Wait until the shop is mapped; returns an answer with a full rail."""
    targets = questions(stand.secret)[:8]  # Several, because whoever is held out gets no items.
    for number in range(200):
        with urlopen(f"http://127.0.0.1:{port}{targets[number % len(targets)]}", timeout=10) as answer:
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
    for rival in RIVALS:
        for page in PAGES:
            suffix = _suffix(page)
            pairs = list(zip(results[rival], results[page], strict=True))
            measures[f"cpu_ratio_{rival}{suffix}"] = statistics.median(a["cpu_s"] / b["cpu_s"] for a, b in pairs)
            ratio = statistics.median(b["throughput"] / a["throughput"] for a, b in pairs)
            measures[f"throughput_ratio_{rival}{suffix}"] = ratio
    return measures


def _print(measures: Measured) -> None:
    click.echo(f"\n{'':>8} {'req/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs/request':>15} {'generator CPU s':>16}")
    for name in (*RIVALS, *PAGES):
        row = {key: measures[f"{name}_{key}"] for key in ("throughput", "p50_ms", "p99_ms", "cpu_s", "own_cpu_s")}
        click.echo(
            f"{PAGES.get(name, name):>8} {row['throughput']:>9.0f} {row['p50_ms']:>8.2f} {row['p99_ms']:>8.2f} "
            f"{1e6 * row['cpu_s']:>15.0f} {row['own_cpu_s']:>16.2f}"
        )
    for place, rival in enumerate(RIVALS):
        for page, placement in PAGES.items():
            bound = LIMITS[page][place]
            cpu, throughput = (measures[f"{what}_ratio_{rival}{_suffix(page)}"] for what in ("cpu", "throughput"))
            beside = f"per CPU-second {cpu:.2f} (limit {bound:.2f}), throughput {throughput:.2f}"
            click.echo(f"{placement:>8} of {rival}: {beside}")
    feeds.show(measures)
    click.echo(f"start {measures['start_s']:.2f} s, bare import {measures['import_s']:.2f} s\n")
