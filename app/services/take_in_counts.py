"""Take in stock counts that another system posts, and show them in the register as one delivery a day.

A stock system may post every few seconds, so a row for each post would bury the merchant's files. What became of the
counts of a day stands in one row; which post said what last stands with each count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.ids import ShopId
from app.core.shop_days import zone_of
from app.core.sources.contract import Source
from app.core.sources.report import Report
from app.ports.sources import BadRow, RawRow, SourceDeliveries
from app.services import take_in as taking_in

BY: Final = "your stock system"


@dataclass(frozen=True, slots=True)
class Ports:
    taking_in: taking_in.Ports
    deliveries: SourceDeliveries


def take_in_counts(
    shop: ShopId, rows: Iterable[RawRow | BadRow], *, content: bytes, now: datetime, ports: Ports
) -> Report:
    """Take in one post's counts; returns what became of them.

    Args:
        content: the post's body; what a repeated post says is known already, and the report says so.

    Raises:
        Retryable: nothing can be stored now; what was stored before stays.
    """
    # A repeated post is a delivery of its own, so that the day's sum does not hold its counts for taken twice.
    post = hashlib.sha256(f"{now.isoformat()} ".encode() + content).hexdigest()[:32]
    report = taking_in.take_in(shop, Source.STOCK, rows, delivery=post, now=now, ports=ports.taking_in)
    day = now.astimezone(zone_of(ports.taking_in.keys.timezone(shop))).date()
    ports.deliveries.add(
        shop, register_id(day.isoformat()), Source.STOCK, report,
        name=f"Posted counts of {day}", size=len(content), by=BY, at=now,
    )  # fmt: skip
    return report


def register_id(day: str) -> str:
    """Of the row in which a day's posts are summed up."""
    return hashlib.sha256(f"{Source.STOCK}:posted {day}".encode()).hexdigest()[:32]
