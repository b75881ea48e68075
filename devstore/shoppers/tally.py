"""What the simulated shoppers did, counted by themselves: for each row of products, what was looked at and bought.

A sale counts for the row whose card led to the product's page in the same visit. That compares rows that stand on the
same pages; it is no measure of lift, because some would have been bought anyway.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Row:
    looked_at: int = 0
    clicks: int = 0
    carted: int = 0
    bought: int = 0


@dataclass(slots=True)
class Tally:
    """Counts since the start.

    `consenting` are visits, `consenting_orders` the orders of those; `events` is what the app took and `refused` what
    it did not; `late` are answers of the app that a page did not wait for; `errors` are answers that a browser
    would have shown as a broken page, or logged.
    """

    visits: int = 0
    pages: int = 0
    bots: int = 0
    consenting: int = 0
    orders: int = 0
    consenting_orders: int = 0
    events: int = 0
    refused: int = 0
    late: int = 0
    errors: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def row(self, name: str) -> Row:
        """The counts of one row, such as ``attune:also_viewed`` or ``native``."""
        return self.rows.setdefault(name, Row())

    def sent(self, events: int, status: int) -> None:
        """Count a batch by the app's answer to it."""
        if status == 202:
            self.events += events
        else:
            self.refused += events

    def problem(self, text: str) -> None:
        """Note what went wrong; the first few are kept in words."""
        self.errors += 1
        if len(self.problems) < 20:
            self.problems.append(text)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> str:
        """The rows side by side, for people."""
        head = f"{'simulated':<28}{'looked at':>10}{'clicks':>8}{'CTR':>8}{'to cart':>9}{'bought':>8}"
        lines = [
            f"{name:<28}{row.looked_at:>10,}{row.clicks:>8,}{_rate(row.clicks, row.looked_at):>8}"
            f"{row.carted:>9,}{row.bought:>8,}"
            for name, row in sorted(self.rows.items())
        ]
        return "\n".join([head, *lines])


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
