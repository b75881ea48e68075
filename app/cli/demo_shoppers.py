"""The demo's simulated shoppers: how their program is started, and what it says it did.

They are a program of the simulated store's, so this knows its command line and its summary file, nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TASTES = "tastes.npz"
SUMMARY = "shoppers.json"


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
        totals = f"{did['visits']:,} visits ({did['consenting']:,} with consent), {did['orders']:,} orders"
        faults = [f"{did['errors']:,} broken answers, such as: {did['problems'][0]}"] if did["errors"] else []
        return "\n".join([head, *rows, totals, *faults])


def _line(name: str, row: dict[str, int]) -> str:
    rate = f"{row['clicks'] / row['looked_at']:.1%}" if row["looked_at"] else "–"
    return f"{name:<28}{row['looked_at']:>10,}{row['clicks']:>8,}{rate:>8}{row['carted']:>9,}{row['bought']:>8,}"
