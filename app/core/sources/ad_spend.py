"""What advertising cost, by day, channel and campaign, from CSV files. A later file may correct an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final

from app.core.money import decimals, minor_units
from app.core.sources.contract import DAY, Contract, Field, Holds, Source
from app.core.sources.report import Reason, Refused
from app.core.sources.rows import Found, Given, Raw
from app.core.sources.values import day, decimal, short, whole

MOST: Final = 10**12
"""Minor units that a day of a campaign may cost before it must be a mistake."""


AD_SPEND: Final = Contract(
    Source.AD_SPEND,
    "Ad spend",
    "What advertising cost, by day, channel and campaign.",
    "CSV",
    (
        Field("day", Holds.DAY, "The day", ("day", "date", "reporting starts", "datum"), required=True, column="day"),
        Field(
            "channel",
            Holds.TEXT,
            "Where it was shown, such as “Meta”",
            ("channel", "platform", "source", "network", "kanal"),
            required=True,
            column="channel",
        ),
        Field("campaign", Holds.TEXT, "Which campaign", ("campaign", "campaign name", "kampagne"), column="campaign"),
        Field(
            "part",
            Holds.TEXT,
            "Which ad set or group of it",
            ("ad set", "ad set name", "ad group", "adgroup", "part"),
            column="part",
        ),
        Field(
            "cost",
            Holds.MONEY,
            "What it cost",
            ("cost", "spend", "amount spent", "costs", "ad spend", "kosten", "betrag"),
            required=True,
            unit="minor units",
            column="cost",
        ),
        Field(
            "currency",
            Holds.TEXT,
            "The cost's currency; the shop's where none is named",
            ("currency", "currency code", "währung"),
            column="currency",
        ),
        Field("clicks", Holds.WHOLE, "Clicks on the ads", ("clicks", "link clicks", "klicks"), column="clicks"),
        Field(
            "impressions",
            Holds.WHOLE,
            "How often they were shown",
            ("impressions", "impr.", "impressionen"),
            column="impressions",
        ),
    ),
    key=("day", "channel", "campaign", "part"),
    clock="days as the advertising account counts them",
    every=7 * DAY,
)


def read(raw: Raw, given: Given) -> Found:
    """The record of one row; `raw` has the contract's fields as texts.

    Raises:
        Refused: day, channel or cost are missing or absurd.
    """
    on = day(raw["day"], given.clock)
    channel = short(raw["channel"])
    if channel is None:
        raise Refused(Reason.MISSING, "the channel is empty")
    currency = _currency(raw.get("currency", ""), given.currency)
    amount = decimal(raw["cost"], "the cost")
    cost = minor_units(str(amount), currency)
    if not 0 <= cost <= MOST:
        raise Refused(Reason.NUMBER, f"the cost must lie from 0 to {MOST // 10 ** decimals(currency):,}")
    values = {
        "day": on,
        "channel": channel,
        "campaign": short(raw.get("campaign", "")) or "",
        "part": short(raw.get("part", "")) or "",
        "cost": cost,
        "currency": currency,
        "clicks": _count(raw.get("clicks", ""), "clicks"),
        "impressions": _count(raw.get("impressions", ""), "impressions"),
    }
    key = "\x1f".join(str(values[name]) for name in AD_SPEND.key)
    return Found(key, datetime.combine(on, time(), UTC), values)


def _currency(text: str, own: str) -> str:
    code = text.strip().upper() or own
    if len(code) != 3 or not code.isalpha():
        raise Refused(Reason.NUMBER, "the currency must be a code such as EUR")
    return code


def _count(text: str, what: str) -> int | None:
    return whole(text, what, most=2**62) if text else None
