"""Audiences for ads: whom to leave out of them, and whom to look for more of.

An audience is told elsewhere as a handle of its own, which only those carry who may be put on it (`Purpose.ADS`); the
file for the networks holds hashes of the same people's e-mail addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from app.core.profiles.consent import Purpose, ShopperConsent, allowed

LATELY_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Audience:
    """Whoever is in one of the built-in segments, or bought lately."""

    key: str
    title: str
    use: str
    """What it is for, as a sentence."""
    segments: tuple[str, ...] = ()
    bought_days: int | None = None

    @property
    def handle(self) -> str:
        return f"ads-{self.key}"


AUDIENCES: Final = (
    Audience(
        "bought-lately",
        "Bought lately",
        f"Leave out whoever bought in the last {LATELY_DAYS} days: the next ad would reach them too early.",
        bought_days=LATELY_DAYS,
    ),
    Audience(
        "lost",
        "Lost",
        "Leave out whoever has been silent for three times as long as they used to be, or win them back on purpose.",
        segments=("stage_lost",),
    ),
    Audience(
        "high-value",
        "High value",
        "Look for people who are like your best customers: recent, frequent, and high in spending.",
        segments=("champions",),
    ),
)
BY_KEY: Final = {audience.key: audience for audience in AUDIENCES}


def audiences_of(keys: Set[str], last_s: int | None, now_s: int) -> Iterator[Audience]:
    """The audiences that somebody belongs to, whether or not they may be put on them.

    Args:
        keys: of the built-in segments that they are in.
        last_s: when they last ordered, in seconds since 1970.
    """
    for audience in AUDIENCES:
        lately = audience.bought_days
        bought = lately is not None and last_s is not None and now_s - last_s <= lately * 86_400
        if bought or not keys.isdisjoint(audience.segments):
            yield audience


def may_be_put_on(consent: ShopperConsent) -> bool:
    """Whether a shopper may be put on audiences: learning from them and advertising are both needed."""
    return allowed(Purpose.LEARN, consent) and allowed(Purpose.ADS, consent)


def hashed(email: str) -> str:
    """The address as advertising networks match it: SHA-256 of it, trimmed and in small letters, in hexadecimals."""
    return sha256(email.strip().lower().encode()).hexdigest()
