"""The second part of `attune bench klaviyo`: a worker that is killed again and again while values change.

Before every start each product's price is another one, so each profile's newest value is known. Klaviyo's jobs are held
when the worker is killed and let go while the next one is at it: what was sent before would come after what is newer,
if the worker did not wait for it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import click
import psycopg

from app.cli.bench.klaviyo_stand import IMPORTS, Child, Stand
from app.cli.bench.klaviyo_world import email_of
from app.core.email.names import RECOMMENDATIONS
from app.core.money import written

SEED: Final = 7
EARLIEST, LATEST = 0.1, 0.8
"""When a worker is killed, as shares of how long a whole push takes."""
HELD_S: Final = 0.5
LET_GO_S: Final = 3.0
DEARER: Final = "UPDATE variants SET price = price + 100"
PRICES: Final = "SELECT product_id, price FROM variants"
RUN_OUT: Final = "UPDATE claims SET until = clock_timestamp() - interval '1 second'"

Measured = dict[str, float]


def measure(stand: Stand, shop: int, profiles: int, *, usual_s: float, kills: int) -> Measured:
    """Kill so many workers at random moments, let one finish, and look at every profile.

    Args:
        usual_s: how long a push of everybody takes that is let be.
    """
    chance, killed = random.Random(SEED), list[int]()  # noqa: S311 -- moments of a bench, no secret.
    task, child = {**stand.task, "shop": shop}, "app.cli.bench.klaviyo_child"
    letting_go: list[threading.Timer] = []
    for _ in range(kills):
        _change(stand, shop)
        stand.twin.forget_requests()
        worker = Child.start(child, task)
        worker.begun()
        time.sleep(usual_s * chance.uniform(EARLIEST, LATEST))
        stand.twin.tell("/jobs", hold=True)
        time.sleep(HELD_S)
        if worker.kill():
            killed.append(_imports(stand))
        letting_go.append(threading.Timer(LET_GO_S, stand.twin.tell, args=("/jobs",), kwargs={"hold": False}))
        letting_go[-1].start()
    _change(stand, shop)
    last = Child.start(child, task).answer()
    for timer in letting_go:
        timer.join()
    found = _found(stand, shop)
    wanted = {email_of(number) for number in range(1, profiles + 1)}
    newest = sum(found.get(email, False) for email in wanted)
    older = sum(not new for email, new in found.items())
    click.echo(
        f"killed {len(killed)} of {kills + 1} workers, after {', '.join(map(str, killed)) or 'no'} imports; "
        f"the last pushed {last['pushed']:,.0f} in {last['seconds']:.1f} s: "
        f"{newest:,} of {profiles:,} profiles hold the newest value, {older:,} an older one"
    )
    return {"kills": len(killed), "newest": newest / profiles, "older": older, "missing": len(wanted - found.keys())}


def _imports(stand: Stand) -> int:
    asked = stand.twin.ask("/requests")["requests"]
    return sum(one["method"] == "POST" and one["path"] == IMPORTS for one in asked)


def _change(stand: Stand, shop: int) -> None:
    """Make every product dearer; what a killed worker has claimed is let run out, which takes two minutes otherwise."""
    with psycopg.connect(stand.task["url"]) as connection:
        connection.execute("SELECT set_config('app.shop', %s, false)", [str(shop)])
        connection.execute(DEARER)
        connection.execute(RUN_OUT)


def _found(stand: Stand, shop: int) -> Mapping[str, bool]:
    """Of everybody who has products in the twin, by address, whether all have the newest price."""
    with psycopg.connect(stand.task["url"]) as connection:
        connection.execute("SELECT set_config('app.shop', %s, false)", [str(shop)])
        prices = {str(product): written(price, "EUR") for product, price in connection.execute(PRICES).fetchall()}
    told: dict[str, bool] = {}
    for line in stand.twin.lines(f"/profiles?property={RECOMMENDATIONS}"):
        items: list[dict[str, Any]] | None = line["value"]
        if items:
            told[line["email"]] = all(item["price"] == prices[item["id"]] for item in items)
    return told
