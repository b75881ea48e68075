"""What a shopper has set for themselves: their switches, and what they don't want to be shown.

It travels with every question of the storefront, so it is small and is read from one line of text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from app.core.errors import DomainError
from app.core.ids import ProductId
from app.core.profiles.consent import OwnSwitches

SWITCHES: Final = ("personalise", "remember", "email")
MOST_PRODUCTS: Final = 100
MOST_KINDS: Final = 20
LONGEST_KIND: Final = 100

T = TypeVar("T")


def known_as(kind: str, id: str) -> str:
    """By what settings, tombstones and the history know a visitor or client: SHA-256 of an id that is random and long.

    Args:
        kind: visitor or client; the same text under another kind is somebody else.
    """
    return hashlib.sha256(f"{kind}:{id}".encode()).hexdigest()


class BadPreference(DomainError):
    """What was sent is no preference; the message says why."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """One shopper's own settings. `products` and `kinds` (product types) are hidden from them."""

    switches: OwnSwitches = field(default_factory=OwnSwitches)
    products: tuple[ProductId, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def hidden(self) -> dict[str, list[Any]]:
        """As the database keeps it."""
        return {"products": list(self.products), "kinds": list(self.kinds)}


UNSET: Final = Preferences()


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that became another, in words for the history."""

    what: str
    was: str
    became: str


def changed(before: Preferences, asked: Mapping[str, object]) -> Preferences:
    """The settings after a wish: switches are true or false, ``hide`` and ``show`` name a product or a kind.

    Args:
        asked: such as ``{"personalise": false}``, ``{"hide": {"product": "12"}}``, ``{"show": {"kind": "Rugs"}}``.

    Raises:
        BadPreference: it names nothing that can be set, or too much is hidden already.
    """
    after = replace(before, switches=_switched(before.switches, asked))
    for verb in ("hide", "show"):
        if verb in asked:
            after = _hidden(after, asked[verb], hide=verb == "hide")
    if not asked.keys() & {*SWITCHES, "hide", "show"}:
        raise BadPreference(f"name one of {', '.join(SWITCHES)}, hide or show")
    return after


def differences(before: Preferences, after: Preferences) -> list[Changed]:
    """What the history shall say; nothing where nothing changed."""
    found = [
        Changed(name, _said(getattr(before.switches, name)), _said(getattr(after.switches, name)))
        for name in SWITCHES
        if getattr(before.switches, name) != getattr(after.switches, name)
    ]
    if (before.products, before.kinds) != (after.products, after.kinds):
        found.append(Changed("hidden", _told(before), _told(after)))
    return found


def from_row(row: Any) -> Preferences:
    """Read `shopper_preferences` back."""
    hidden = row.hidden or {}
    return Preferences(
        OwnSwitches(row.personalise, row.remember, row.email),
        tuple(ProductId(one) for one in hidden.get("products", ())),
        tuple(hidden.get("kinds", ())),
    )


def together(several: Iterable[Preferences]) -> Preferences:
    """A shopper known under several names: a no under one of them is a no, and what is hidden under one is hidden."""
    all_of = list(several)
    return Preferences(
        OwnSwitches(*(_strictest(getattr(one.switches, name) for one in all_of) for name in SWITCHES)),
        tuple(dict.fromkeys(product for one in all_of for product in one.products)),
        tuple(dict.fromkeys(kind for one in all_of for kind in one.kinds)),
    )


def _strictest(said: Iterable[bool | None]) -> bool | None:
    known = [one for one in said if one is not None]
    return all(known) if known else None


def _switched(switches: OwnSwitches, asked: Mapping[str, object]) -> OwnSwitches:
    new: dict[str, bool] = {}
    for name in SWITCHES:
        if name in asked:
            value = asked[name]
            if not isinstance(value, bool):
                raise BadPreference(f"{name} must be true or false")
            new[name] = value
    return replace(switches, **new)


def _hidden(before: Preferences, named: object, *, hide: bool) -> Preferences:
    if not isinstance(named, Mapping) or len(named) != 1:
        raise BadPreference("hide and show name one product or one kind")
    ((of, value),) = named.items()
    if of == "product":
        products = _with(before.products, ProductId(_number(value)), hide=hide, most=MOST_PRODUCTS)
        return replace(before, products=products)
    if of == "kind":
        return replace(before, kinds=_with(before.kinds, _kind(value), hide=hide, most=MOST_KINDS))
    raise BadPreference("hide and show name one product or one kind")


def _with(known: tuple[T, ...], one: T, *, hide: bool, most: int) -> tuple[T, ...]:
    others = tuple(each for each in known if each != one)
    if not hide:
        return others
    if len(others) >= most:
        raise BadPreference(f"at most {most} can be hidden; show one of them again first")
    return (*others, one)


def _number(value: object) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise BadPreference("product must be a numeric id")
    return int(text)


def _kind(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_KIND or not value.isprintable():
        raise BadPreference(f"kind must be a text of 1 to {LONGEST_KIND} characters")
    return value.strip()


def _said(value: bool | None) -> str:
    return "not set" if value is None else "yes" if value else "no"


def _told(preferences: Preferences) -> str:
    """How many, not which: a history of what somebody would rather not see is nobody's business."""
    return f"{len(preferences.products)} products, {len(preferences.kinds)} kinds"
