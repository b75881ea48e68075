"""What is told elsewhere about a customer: names that never change, and what changes when something else would be told.

Shopify gets it as the customer's metafields in the app's own namespace: the segments by their handles, the stage of
life, the scores of recency, frequency and spending, and the favourite category. What Klaviyo gets of it stands in
`app.core.email.properties`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from app.core.segments import rfm
from app.core.segments.lifecycle import WORDS, Stage
from app.core.segments.rfm import Cuts

SEGMENTS_KEY: Final = "segments"
STAGE_KEY: Final = "lifecycle"
SCORES_KEY: Final = "rfm"
FAVOURITE_KEY: Final = "favourite_category"
KEYS: Final = (SEGMENTS_KEY, STAGE_KEY, SCORES_KEY, FAVOURITE_KEY)
NOTHING: Final = "-"
MOST_HANDLES: Final = 128
"""Shopify's limit for the values of a list."""
STAGE_OF: Final = {f"stage_{stage.name.lower()}": WORDS[stage] for stage in Stage}
"""The word for each built-in segment that is a stage of life, by the segment's key."""
RISING: Final = {"stage_at_risk": WORDS[Stage.AT_RISK], "stage_lost": WORDS[Stage.LOST]}
"""The stages that mean a higher risk of churn than the one before, by the segment's key."""


class Outlet(StrEnum):
    """What the merchant can switch on, for the shop as a whole or for one segment."""

    METAFIELDS = "metafields"
    """Everything about each customer as metafields in Shopify; for the shop."""
    NATIVE = "native"
    """A segment of Shopify's own that finds the members of ours."""
    AUDIENCE = "audience"
    """The same for an audience for ads (`outlets_audiences`)."""
    FLOW = "flow"
    """Whoever enters the segment starts Shopify Flow's workflows."""
    CHURN = "churn"
    """Whoever becomes at risk, or is lost, starts them; for the shop."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about one customer; empty where there is nothing to tell."""

    segments: tuple[str, ...] = ()
    """Handles, sorted."""
    stage: str = ""
    scores: str = ""
    """Recency, frequency and spending from 1 to 5, as three digits such as ``543``."""
    favourite: str = ""
    """The type of product that was in most of their orders."""

    def __bool__(self) -> bool:
        return bool(self.segments or self.stage or self.scores or self.favourite)


def handle_of(segment: int, key: str) -> str:
    """By what a segment is known elsewhere, whatever the merchant calls it.

    Args:
        segment: its number.
        key: of a built-in one, else empty.
    """
    return key.replace("_", "-") if key else f"segment-{segment}"


def told_of(keys: Iterable[tuple[int, str]], audiences: Iterable[str], scores: str, favourite: str = "") -> Told:
    """What is told of whoever is in these segments (number, key of a built-in one) and audiences for ads."""
    own = list(keys)
    handles = sorted({handle_of(*one) for one in own} | set(audiences))
    stage = next((STAGE_OF[key] for _, key in own if key in STAGE_OF), "")
    return Told(tuple(handles[:MOST_HANDLES]), stage, scores, favourite)


def scores_of(orders: int, last_s: int, net: int, cuts: Cuts) -> str:
    """The three scores as digits; empty for whoever never ordered."""
    if orders < 1:
        return ""
    values = ((last_s, cuts.recency), (orders, cuts.frequency), (net, cuts.monetary))
    return "".join(str(rfm.score(value, own)) for value, own in values)


def digest_of(told: Told) -> str:
    """Changes whenever what stands elsewhere would change, and tells which of the keys stand there (`keys_of`)."""
    parts = (told.segments, (told.stage,), (told.scores,), (told.favourite,))
    return ".".join(_digest(part) for part in parts)


def keys_of(digest: str | None) -> frozenset[str]:
    """The metafields that stand at a customer with this digest; all may where it is not one of ours."""
    if digest is None:
        return frozenset()
    parts = digest.split(".")
    if len(parts) != len(KEYS):
        return frozenset(KEYS)
    return frozenset(key for key, part in zip(KEYS, parts, strict=True) if part != NOTHING)


def _digest(parts: Sequence[str]) -> str:
    text = ",".join(parts)
    return sha256(text.encode()).hexdigest()[:16] if text else NOTHING


def query_of(handle: str) -> str:
    """Shopify's segment query that finds the customers who carry the handle."""
    return f"metafields.$app.{SEGMENTS_KEY} CONTAINS '{handle}'"
