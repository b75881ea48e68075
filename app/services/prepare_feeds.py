"""Prepare the shop's product feeds, and have Klaviyo know them. The web answers what stands prepared.

Feeds that Klaviyo knows under an address of ours are brought up to date; the merchant's own are never touched. A plan
without web feeds, or an account that is full, is noted beside the feed, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.core.email.feeds import MOST_FEEDS, category_feed, count_of, digest_of, documents
from app.core.errors import Busy
from app.core.shops import Shop
from app.errors import KlaviyoRefused
from app.ports import Claims, Clock
from app.ports.feeds import CatalogLooks, Feed, FeedKeys, Feeds, Goods
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis, KlaviyoConnections

CLAIM: Final = "feeds"
CLAIM_S: Final = 60.0
NO_FEEDS: Final = (
    "Klaviyo does not let this account have web feeds ({reason}); plans that have them are named in Klaviyo’s pricing. "
    "Until then, mails show products only where the event or the profile brings them."
)
FULL: Final = "Your Klaviyo account has its ten web feeds. Delete one that you don't use, and this one is added."


@dataclass(frozen=True, slots=True)
class Ports:
    goods: Goods
    looks: CatalogLooks
    feeds: Feeds
    keys: FeedKeys
    connections: KlaviyoConnections
    apis: KlaviyoApis
    claims: Claims
    clock: Clock
    app_url: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many feeds stand there, how many of them changed, and how many Klaviyo was told of."""

    feeds: int
    changed: int
    told: int


def address(app_url: str, secret: str, name: str) -> str:
    return f"{app_url}/feeds/{secret}/{name}.json"


def prepare_feeds(shop: Shop, ports: Ports) -> Prepared:
    """Make all feeds anew from what can be bought now.

    Raises:
        Busy: another worker is at it.
        Retryable, KlaviyoDisconnected: the feeds are prepared, Klaviyo was not told of all.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the feeds of {shop.domain} are being prepared")
        made, changed = _make(shop, ports)
        standing = ports.feeds.all(shop.id)
        connection = ports.connections.of(shop.id)
        if connection is None or not connection.works:
            return Prepared(len(standing), changed, 0)
        return Prepared(len(standing), changed, _tell(shop, standing, made, ports))


def renew_feeds(shop: Shop, ports: Ports) -> int:
    """Make all feeds anew where one shows what cannot be bought any more; how many changed. Klaviyo is not asked.

    Raises:
        Busy: another worker is at it, perhaps with what was known before; the next look sees to it.
    """
    place = ports.looks.moved(shop.id)
    if place is None:
        return 0
    changed = 0
    if not ports.goods.are_buyable(shop.id, ports.feeds.products(shop.id)):
        with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
            if not taken:
                raise Busy(f"the feeds of {shop.domain} are being prepared")
            changed = _make(shop, ports)[1]
    ports.looks.looked(shop.id, place)
    return changed


def _make(shop: Shop, ports: Ports) -> tuple[set[str], int]:
    """The names of the feeds that are to be, and how many have changed.

    A category that is none of the main ones any more stays right for as long as its feed stands.
    """
    now = ports.clock.now()
    goods = ports.goods.buyable(shop, now=now)
    made = documents(goods)
    old = [feed.name for feed in ports.feeds.all(shop.id) if feed.name not in made]
    bodies = made | {name: category_feed(goods, name) for name in old}
    changed = sum(ports.feeds.put(shop.id, name, body, items=count_of(body), at=now) for name, body in bodies.items())
    return set(made), changed


def _tell(shop: Shop, standing: Sequence[Feed], made: set[str], ports: Ports) -> int:
    """Have Klaviyo know what it does not know yet, or knows by an old address; a feed that is no more goes there."""
    secret = ports.keys.secret(shop.id) or ports.keys.renew(shop.id, at=ports.clock.now())
    urls = {feed.name: address(ports.app_url, secret, feed.name) for feed in standing}
    gone = [feed for feed in standing if feed.name not in made]
    due = [feed for feed in standing if feed.name in made and _is_due(feed, urls[feed.name])]
    if not due and not gone:
        return 0
    api = ports.apis.of(shop)
    try:
        there = {_attribute(one, "name"): one for one in api.feeds()}
        for feed in gone:
            _take_away(api, feed, there)
            ports.feeds.drop(shop.id, [feed.name])
    except KlaviyoRefused as refused:
        for feed in due:
            ports.feeds.registered(shop.id, feed.name, klaviyo_id="", url="", trouble=_why(refused))
        return 0
    return sum(_register(shop, api, feed, urls[feed.name], there, ports) for feed in due)


def _is_due(feed: Feed, url: str) -> bool:
    return not feed.klaviyo_id or feed.registered != digest_of(url)


def _take_away(api: KlaviyoApi, feed: Feed, there: dict[str, Mapping[str, Any]]) -> None:
    known = there.get(feed.name)
    if known is not None and feed.klaviyo_id == str(known.get("id")):
        api.delete_feed(feed.klaviyo_id)
        del there[feed.name]


def _register(
    shop: Shop, api: KlaviyoApi, feed: Feed, url: str, there: dict[str, Mapping[str, Any]], ports: Ports
) -> bool:
    """Whether Klaviyo knows it now. One of our names whose address leads elsewhere is the merchant's."""
    known = there.get(feed.name)
    try:
        if known is None and len(there) >= MOST_FEEDS:
            ports.feeds.registered(shop.id, feed.name, klaviyo_id="", url="", trouble=FULL)
            return False
        if known is None:
            id = api.create_feed(feed.name, url)
            there[feed.name] = {"id": id}
        elif feed.klaviyo_id == str(known.get("id")) or _attribute(known, "url").startswith(f"{ports.app_url}/feeds/"):
            id = str(known.get("id"))
            api.update_feed(id, name=feed.name, url=url)
        else:
            trouble = f"Your Klaviyo account has a feed of your own named {feed.name}; rename it, and ours is added."
            ports.feeds.registered(shop.id, feed.name, klaviyo_id="", url="", trouble=trouble)
            return False
    except KlaviyoRefused as refused:
        ports.feeds.registered(shop.id, feed.name, klaviyo_id="", url="", trouble=_why(refused))
        return False
    ports.feeds.registered(shop.id, feed.name, klaviyo_id=id, url=url)
    return True


def _attribute(feed: Mapping[str, Any], name: str) -> str:
    attributes = feed.get("attributes")
    return str(attributes.get(name, "")) if isinstance(attributes, Mapping) else ""


def _why(refused: KlaviyoRefused) -> str:
    return FULL if refused.code == "limit_reached" else NO_FEEDS.format(reason=refused.code or refused.status)
