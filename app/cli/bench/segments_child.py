"""The measured process of `attune bench segments`: two nights of one shop, and nothing else, on two cores."""

from __future__ import annotations

import base64
import os
import resource
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import orjson

from app.cli.bench.segments_world import NOW
from app.config import load
from app.core.ids import ShopId
from app.core.segments.parse import rule_of
from app.core.shops import Shop
from app.services.save_segment import save_segment
from app.services.segment_customers import segment_customers
from app.wiring.worker import Worker

CORES = 2
RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Bedding lovers who don't read", {"all": [
        {"figure": "orders", "about": {"kind": "collection", "key": "3"}, "days": 180, "least": 1},
        {"figure": "opens", "days": 30, "most": 0}]}),
    ("Viewed, not bought", {"all": [
        {"figure": "views", "about": {"kind": "collection", "key": "5"}, "days": 30, "least": 1},
        {"figure": "orders", "about": {"kind": "collection", "key": "5"}, "most": 0}]}),
    ("Type 4 fans", {"figure": "affinity", "about": {"kind": "type", "key": "Type 4"}, "least": 20}),
    ("Cart left", {"all": [{"figure": "carts", "days": 7, "least": 1}, {"figure": "orders", "days": 7, "most": 0}]}),
    ("High value", {"figure": "spent", "days": 365, "least": 30000}),
    ("VIP at risk", {"all": [{"figure": "tag", "about": {"kind": "tag", "key": "VIP"}, "least": 1},
                             {"figure": "stage", "least": 4, "most": 5}]}),
    ("Searches a lot", {"figure": "searches", "days": 90, "least": 2}),
    ("Readers", {"any": [{"figure": "mail_clicks", "days": 60, "least": 1},
                         {"figure": "opens", "days": 60, "least": 2}]}),
    ("Vendor 2, expensive", {"all": [{"figure": "orders", "about": {"kind": "vendor", "key": "Vendor 2"}, "least": 1},
                                     {"figure": "price_level", "least": 3}]}),
    ("Quiet, accepts mail", {"all": [{"figure": "last_order", "least": 120}, {"figure": "accepts_email", "least": 1},
                                     {"not": {"figure": "clicks", "days": 365, "least": 1}}]}),
)  # fmt: skip
"""Ten rules of a merchant, over all kinds of figures."""


class Moved:
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def main() -> None:
    """Run the task on standard input."""
    task = orjson.loads(sys.stdin.buffer.read())
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    wiring = Worker(_settings(task))
    shop = wiring.shops.by_id(ShopId(task["shop"]))
    assert shop is not None
    wiring.__dict__["clock"] = Moved(NOW)
    for name, rule in RULES:
        save_segment(shop, name, rule_of(rule), by="bench", ports=wiring.saving_segments)
    measured: dict[str, float] = {}
    for name, at in (("first", NOW), ("second", NOW + timedelta(days=1))):
        measured |= {f"{name}_{key}": value for key, value in _night(wiring, shop, at).items()}
    wiring.close()
    measured["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.buffer.write(orjson.dumps(measured))


def _night(wiring: Worker, shop: Shop, at: datetime) -> dict[str, float]:
    """Segment the shop at that moment; what it took, and what it changed."""
    wiring.__dict__["clock"] = Moved(at)
    wiring.__dict__.pop("segmenting", None)
    passed: dict[str, float] = {}
    began, worked = time.monotonic(), time.process_time()
    done = segment_customers(
        shop, wiring.segmenting, checkpoint=lambda name: passed.update({name: time.monotonic() - began})
    )
    counts = {"members": done.members, "entered": done.entered, "left": done.left}
    return {
        "s": time.monotonic() - began,
        "cpu_s": time.process_time() - worked,
        "counting_s": passed["counted"],
        **counts,
    }


def _settings(task: dict[str, Any]) -> Any:
    return load(
        {
            "DATABASE_URL": task["url"],
            "REDIS_URL": task["redis"],
            "LAKE_URL": task["lake"],
            "ATTUNE_DATA_DIR": task["folder"],
            "SHOPIFY_API_KEY": "bench",
            "SHOPIFY_API_SECRET": "bench",
            "APP_URL": "https://attune.example.com",
            "ENCRYPTION_KEYS": base64.b64encode(b"b" * 32).decode(),
        }
    )


if __name__ == "__main__":
    main()
