"""The small world: forty products, a hundred and fifty customers and a year of nine hundred orders.

Tests, the story and screenshots use it, so it is written by hand where a reader sees it, drawn from a seed elsewhere,
and built without NumPy in a fraction of a second. Its edge cases (gift card, draft, free sample, nothing in stock,
sold on at zero stock, guests, refunds, cancellations) are there on purpose.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from devstore.model import Collection, Product, ShopInfo, Variant, World
from devstore.worlds import ids
from devstore.worlds.ids import Ids
from devstore.worlds.small_catalog import COLLECTIONS, PAIRS, Item
from devstore.worlds.small_orders import Market, place_orders
from devstore.worlds.small_people import make_customers
from devstore.worlds.text import Handles, slug

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OPENED = NOW - timedelta(days=365)

SHOP = ShopInfo(
    id=61_200_000_001,
    domain="hearth-and-fern.myshopify.com",
    name="Hearth & Fern",
    email="owner@hearth-and-fern.example",
    owner_name="Alice Fern",
    currency="USD",
    timezone="America/New_York",
    country_code="US",
)


def build_small(seed: int) -> World:
    """The shop as described above."""
    random, counters = Random(seed), Ids()
    products, collections = _catalogue(counters)
    customers = make_customers(random, OPENED, NOW)
    market = _market(products, collections)
    orders = place_orders(market, customers, random, counters, OPENED, NOW)
    truth = {"pairs": sorted((a, b) for a, others in market.partners.items() for b in others)}
    return World("small", SHOP, NOW, products, collections, customers, orders, ids.LOCATION + 1, truth=truth)


def build_empty(_seed: int) -> World:
    """A shop on its first day: no product, no customer, no order."""
    return World("empty", SHOP, NOW, [], [], [], [], ids.LOCATION + 1)


def build_single(seed: int) -> World:
    """One product and one customer who has not bought it yet."""
    products = _catalogue(Ids())[0][:1]
    collection = Collection(ids.COLLECTION + 1, "kitchen", "Kitchen", "", [products[0].id], OPENED)
    customers = make_customers(Random(seed), OPENED, NOW)[:1]
    return World("single", SHOP, NOW, products, [collection], customers, [], ids.LOCATION + 1)


def build_sold_out(seed: int) -> World:
    """The small shop after a very good day: nothing in stock and nothing sold beyond it."""
    world = build_small(seed)
    world.name = "sold_out"
    for product in world.products:
        for variant in product.variants:
            variant.quantity, variant.tracked, variant.oversell = 0, True, False
    return world


def _catalogue(counters: Ids) -> tuple[list[Product], list[Collection]]:
    handles = Handles()
    products: list[Product] = []
    collections = []
    for number, (title, description, items) in enumerate(COLLECTIONS, start=1):
        first = ids.PRODUCT + len(products) + 1
        made = [_product(item, first + place, title, counters, handles) for place, item in enumerate(items)]
        products += made
        members = [product.id for product in made]
        collections.append(Collection(ids.COLLECTION + number, slug(title), title, description, members, OPENED))
    return products, collections


def _product(item: Item, product_id: int, collection: str, counters: Ids, handles: Handles) -> Product:
    """The record of a written item; it was added to the shop in the week before the opening."""
    created = OPENED - timedelta(days=7) + timedelta(hours=product_id % 100)
    published = None if item.status == "DRAFT" else OPENED
    handle = handles.give(item.title)
    variants = [
        _variant(item, product_id, position, title, handle, counters)
        for position, title in enumerate(item.variants or ("Default Title",), start=1)
    ]
    return Product(
        id=product_id,
        handle=handle,
        title=item.title,
        description=item.description,
        vendor=item.vendor,
        product_type=item.kind,
        tags=tuple(sorted({*item.tags, slug(collection)})),
        status=item.status,
        created_at=created,
        updated_at=OPENED,
        published_at=published,
        variants=variants,
        image_text=item.title,
        is_gift_card=item.gift_card,
    )


def _variant(item: Item, product_id: int, position: int, title: str, handle: str, counters: Ids) -> Variant:
    return Variant(
        id=next(counters.variants),
        product_id=product_id,
        title=title,
        sku=_sku(handle, position),
        price=_price(item, position),
        compare_at_price=item.compare_at,
        inventory_item_id=next(counters.inventory_items),
        quantity=0 if item.gift_card else item.stock,
        tracked=not item.gift_card,
        oversell=item.oversell,
        position=position,
        updated_at=OPENED,
    )


def _sku(handle: str, position: int) -> str:
    letters = "".join(word[:3] for word in handle.split("-")[:3]).upper()
    return f"{letters}-{position:02d}"


def _price(item: Item, position: int) -> int:
    """Gift cards cost what their variant says; bigger sizes cost more; colours and scents cost the same."""
    title = item.variants[position - 1] if item.variants else ""
    if item.gift_card:
        return int(title) * 100
    return item.price * {"1 l": 130, "2 l": 170, "Large": 140, "Box of 4": 360}.get(title, 100) // 100


def _market(products: list[Product], collections: list[Collection]) -> Market:
    """What the buyers know: how liked each product is, what goes with what, and which shelf it stands on."""
    by_title = {product.title: product for product in products}
    liked = {by_title[item.title].id: item.popularity for _, _, items in COLLECTIONS for item in items}
    partners: dict[int, list[int]] = {}
    for left, right in PAIRS:
        partners.setdefault(by_title[left].id, []).append(by_title[right].id)
        partners.setdefault(by_title[right].id, []).append(by_title[left].id)
    shelves = [collection.product_ids for collection in collections]
    return Market({product.id: product for product in products}, liked, partners, shelves)
