"""Visitors by the hundred, for pictures that would otherwise have to wait hours for them.

A hurried crowd walks through the store, so that pages have figures; and views of many more, each of what a simulated
shopper wishes for, are posted as browsers post them, so that there are sessions enough to learn "Also viewed" from.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np

from devstore.worlds.taste import Tastes

CROWD = ["--shoppers", "60", "--pace", "40", "--visits", "300"]
SESSIONS = 6000
VIEWS = 4
LEARNT_S = 300.0
CONSENT = {"analytics": True, "preferences": True, "marketing": True}


def bring_visitors(store: str, tastes: Path) -> bool:
    """Returns whether "Also viewed" stands on product pages now."""
    print("visitors, in a hurry …", flush=True)
    subprocess.run(
        [sys.executable, "-m", "devstore.shoppers", "--store", store, "--tastes", str(tastes), *CROWD], check=True
    )
    with httpx.Client(base_url=store, timeout=30.0) as http:
        _post_views(http, Tastes.load(tastes))
        products = http.get("/products.json", params={"limit": "60"}).json()["products"]
        deadline = time.monotonic() + LEARNT_S
        while time.monotonic() < deadline:
            pages = (http.get(f"/products/{one['handle']}").text for one in products)
            if any('data-rail="also_viewed"' in page for page in pages):
                return True
            time.sleep(3.0)
    return False


def _post_views(http: httpx.Client, tastes: Tastes) -> None:
    page = http.get("/").text
    settings = {name: _attribute(page, name) for name in ("collect", "key", "shop")}
    now = datetime.fromisoformat(http.get("/_dev/clock").json()["now"])
    random = np.random.default_rng(1)
    rows = [tastes.draw_visitor(random, now) for _ in range(SESSIONS)]
    common = np.mean([tastes.utilities(row, now) for row in rows[:200]], axis=0)
    offered = np.flatnonzero(np.isfinite(common))
    for row in rows:
        # What somebody looks at in one visit has more to do with each other than what she buys over the years.
        own = tastes.utilities(row, now)[offered] - common[offered]
        drawn = 1.5 * own + 0.5 * common[offered] + random.gumbel(0, 1, len(offered))
        wished = tastes.product_ids[offered[np.argsort(-drawn)[:VIEWS]]].tolist()
        visitor = secrets.token_hex(16)
        events = [
            {"id": secrets.token_hex(16), "type": "product_view", "age_ms": 1000 * place, "visitor": visitor,
             "product_id": str(product), "consent": CONSENT}
            for place, product in enumerate(wished)
        ]  # fmt: skip
        body = {"key": settings["key"], "shop": settings["shop"], "events": events}
        http.post(settings["collect"], json=body).raise_for_status()


def _attribute(page: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]+)"', page)
    assert found, f"no element of ours with data-{name} stands on the home page"
    return found.group(1)
