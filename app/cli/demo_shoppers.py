"""The demo's simulated shoppers: how their program is started, and what it says it did.

They are a program of the simulated store's, so this knows its command line and its summary file, nothing else.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

TASTES = "tastes.npz"
SUMMARY = "shoppers.json"
SHOWN = 5


class DemoShoppers:
    """`number` shoppers at a time; 0 means none.

    Args:
        folder: the demo's own directory.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folder, self.number = folder, number

    @property
    def store_arguments(self) -> list[str]:
        """What the store must be told so that shoppers can come."""
        return ["--tastes", str(self._folder / TASTES)] if self.number else []

    def command(self, store_url: str) -> list[str]:
        files = ["--tastes", str(self._folder / TASTES), "--summary", str(self._folder / SUMMARY)]
        return [sys.executable, "-m", "devstore.shoppers", "--store", store_url, "--shoppers", str(self.number), *files]

    def readers(self, store_url: str, klaviyo_url: str) -> list[str]:
        """The program of those who answer the mails that the store's Klaviyo account sends."""
        where = ["--twin", klaviyo_url, "--store", store_url]
        return [sys.executable, "-m", "devstore.klaviyo.answers", *where, *self.store_arguments]

    def did(self) -> dict[str, Any]:
        """Their counts; empty before they have begun."""
        try:
            found: dict[str, Any] = json.loads((self._folder / SUMMARY).read_text())
        except FileNotFoundError:
            return {}
        return found

    def events(self) -> int:
        """How many of their events the app has taken."""
        return int(self.did().get("events", 0))

    def table(self) -> str:
        """Row by row what they looked at and bought, for people; empty before they have begun."""
        did = self.did()
        if not did:
            return ""
        head = f"{'simulated':<28}{'looked at':>10}{'clicks':>8}{'CTR':>8}{'to cart':>9}{'bought':>8}"
        rows = [_line(name, row) for name, row in sorted(did["rows"].items())]
        visits = f"{did['visits']:,} visits ({did['consenting']:,} with consent), {did['bots']:,} runs of bots"
        orders = f"{did['orders']:,} orders ({did['consenting_orders']:,} with consent)"
        events = f"{did['events']:,} events taken, {did['refused']:,} not, {did['late']:,} rails asked in vain"
        return "\n".join([head, *rows, visits, orders, events, *_faults(did)])


def _faults(did: dict[str, Any]) -> list[str]:
    """The broken answers by what they say, the most frequent first; only the first of them are kept in words."""
    if not did["errors"]:
        return []
    kinds = Counter(did["problems"]).most_common(SHOWN)
    return [f"{did['errors']:,} broken answers, such as:", *(f"  {text}" for text, _ in kinds)]


def _line(name: str, row: dict[str, int]) -> str:
    rate = f"{row['clicks'] / row['looked_at']:.1%}" if row["looked_at"] else "–"
    return f"{name:<28}{row['looked_at']:>10,}{row['clicks']:>8,}{rate:>8}{row['carted']:>9,}{row['bought']:>8,}"
