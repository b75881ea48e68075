"""The product feeds that Klaviyo fetches: what sells, what is new, by category, and by cohort. None is about a person.

A feed answers mails whose reader nothing is known of, and every template's last resort. Only what can be bought now is
in one. Klaviyo takes 3.3 MB and ten feeds an account: https://help.klaviyo.com/hc/en-us/articles/115005258768
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.email.products import MOST_ITEMS, MailItem
from app.core.segments.lifecycle import WORDS, Stage

BEST_SELLERS: Final = "attune_best_sellers"
TRENDING: Final = "attune_trending"
NEW_ARRIVALS: Final = "attune_new_arrivals"
COHORTS: Final = "attune_cohorts"
CATEGORY: Final = "attune_category_"
OURS: Final = "attune_"
MOST_BYTES: Final = 3_300_000
MOST_FEEDS: Final = 10
"""In a Klaviyo account, the merchant's own included."""
MOST_CATEGORIES: Final = 3
"""With these we take seven of the ten."""
LONG: Final = 24
"""Products in a feed that is not by cohort."""
MOST_COHORTS: Final = 1500
ANY: Final = "any"
_ODD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Good:
    """A product that can be bought now, as feeds weigh it. `categories` are handles; units are net of returns."""

    item: MailItem
    categories: frozenset[str]
    since: datetime | None
    sold: float
    """Units a day, of eight weeks."""
    sold_lately: int
    """Units of the last week."""
    seen: int = 0
    """Times in view lately."""


Weigh = Callable[[Good], Any]


def best_sellers(goods: Iterable[Good], limit: int = LONG) -> list[Good]:
    return _first(goods, lambda one: one.sold, limit)


def trending(goods: Iterable[Good], limit: int = LONG) -> list[Good]:
    """What sells more in the last week than its eight weeks let expect.

    The rise is damped by one unit a week on either side, so that a single sale is no trend.
    """
    return _first(goods, lambda one: (one.sold_lately + 1) / (7 * one.sold + 1) if one.sold_lately else 0.0, limit)


def new_arrivals(goods: Iterable[Good], limit: int = LONG) -> list[Good]:
    return _first(goods, lambda one: one.since.timestamp() if one.since else 0.0, limit)


def category_handle(name: str) -> str:
    """Letters, digits and hyphens only: a feed's name and a template's lookup take no others."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _ODD.sub("-", plain).strip("-")


def cohort_of(stage: Stage | None, category: str) -> str:
    """The key of `COHORTS`: such as ``at-risk--lamps``; who has not ordered is ``none``.

    Args:
        category: as in the catalogue; empty for a shopper without a favourite one.
    """
    return _cohort(WORDS[stage] if stage else "", category)


def cohort_in(cohorts: Collection[str], stage: str, category: str) -> str:
    """The key of `COHORTS` under which a profile looks its products up: without the category where that has none.

    Args:
        cohorts: the keys of the prepared feed.
        stage: its word; empty for whoever has not ordered, and for whoever may not be learnt from.
        category: as `cohort_of`.
    """
    exact = _cohort(stage, category)
    return exact if exact in cohorts else _cohort(stage, "")


def cohorts_of(body: bytes) -> frozenset[str]:
    """The keys of `COHORTS`, of the feed as it is prepared."""
    return frozenset(json.loads(body))


def _cohort(stage: str, category: str) -> str:
    return f"{category_handle(stage) or 'none'}--{category_handle(category) or ANY}"


def main_categories(goods: Sequence[Good], limit: int = MOST_CATEGORIES) -> list[str]:
    """The handles with the most views and sales; those with two products at least."""
    size: dict[str, int] = {}
    weight: dict[str, float] = {}
    for one in goods:
        for name in one.categories:
            size[name] = size.get(name, 0) + 1
            weight[name] = weight.get(name, 0.0) + one.seen + 100 * one.sold
    return sorted((name for name in size if size[name] > 1), key=lambda name: (-weight[name], name))[:limit]


def documents(goods: Sequence[Good]) -> dict[str, bytes]:
    """The feeds by name, as JSON; each below `MOST_BYTES`."""
    made: dict[str, Any] = {
        BEST_SELLERS: _items(best_sellers(goods)),
        TRENDING: _items(_filled(trending(goods), best_sellers(goods), LONG)),
        NEW_ARRIVALS: _items(new_arrivals(goods)),
        COHORTS: _cohorts(goods),
    }
    return {name: _bounded(document) for name, document in made.items()} | {
        feed: category_feed(goods, feed) for feed in map(feed_of, main_categories(goods))
    }


def feed_of(category: str) -> str:
    """The name of a category's feed, by its handle."""
    return CATEGORY + category.replace("-", "_")


def category_feed(goods: Sequence[Good], feed: str) -> bytes:
    """What sells best in the category of that feed."""
    return _bounded(_items(best_sellers(one for one in goods if feed in map(feed_of, one.categories))))


def count_of(body: bytes) -> int:
    """How many products, or cohorts, a feed holds."""
    document = json.loads(body)
    items = document.get("items")
    return len(items) if isinstance(items, list) else len(document)


def digest_of(url: str) -> str:
    """What is kept of a feed's address: itself it opens the feed."""
    return hashlib.sha256(url.encode()).hexdigest()[:32] if url else ""


def _cohorts(goods: Sequence[Good]) -> dict[str, Any]:
    """A list for each stage of life in each category: those who buy get news, those who fall silent what is rising."""
    by_category: dict[str, list[Good]] = {ANY: list(goods)}
    for one in goods:
        for name in one.categories:
            by_category.setdefault(name, []).append(one)
    main = main_categories(goods, MOST_COHORTS // (len(Stage) + 1) - 1)
    best = best_sellers(goods, MOST_ITEMS)
    found: dict[str, Any] = {}
    for category in (ANY, *main):
        of = by_category[category]
        top, new, rising = (way(of, MOST_ITEMS) for way in (best_sellers, new_arrivals, trending))
        leads = {Stage.ACTIVE: new, Stage.LOYAL: new, Stage.AT_RISK: rising, Stage.LOST: rising}
        for stage in (None, *Stage):
            lead = leads.get(stage, top) if stage else top
            chosen = _filled(lead[: MOST_ITEMS // 2], [*top, *new, *best], MOST_ITEMS)
            found[cohort_of(stage, "" if category == ANY else category)] = _objects(chosen)
    return found


def _first(goods: Iterable[Good], weigh: Weigh, limit: int) -> list[Good]:
    """The heaviest ones above nothing; the smaller id first among equals."""
    heavy = [(weigh(one), one) for one in goods]
    ranked = sorted((pair for pair in heavy if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].item.product_id))
    found = [one for _, one in ranked[:limit]]
    rest = sorted((one for weight, one in heavy if weight <= 0), key=lambda one: -one.item.product_id)
    return found + rest[: max(0, min(limit, MOST_ITEMS) - len(found))]


def _filled(first: Sequence[Good], more: Iterable[Good], limit: int) -> list[Good]:
    found = {one.item.product_id: one for one in (*first, *more)}
    return list(found.values())[:limit]


def _objects(goods: Sequence[Good]) -> list[Mapping[str, Any]]:
    return [one.item.as_json("", place) for place, one in enumerate(goods, start=1)]


def _items(goods: Sequence[Good]) -> dict[str, Any]:
    return {"items": _objects(goods)}


def _bounded(document: dict[str, Any]) -> bytes:
    """As JSON; the later half goes as often as it is too large."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    while len(body) >= MOST_BYTES:
        if "items" in document:
            document = {"items": document["items"][: len(document["items"]) // 2]}
        else:
            document = dict(list(document.items())[: len(document) // 2])
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return body
