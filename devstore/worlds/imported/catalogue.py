"""Products, collections and price changes of an imported shop.

Titles, prices and dates are the log's. It says nothing of stock, so what has not sold for ninety days counts as sold
out and the rest has about as much as sold in the last three months.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from devstore.model import Collection, PriceChange, Product, Variant
from devstore.worlds import ids
from devstore.worlds.imported.log import Log
from devstore.worlds.imported.times import London
from devstore.worlds.imported.titles import COLLECTIONS, OTHER, shelves_of, tidy
from devstore.worlds.text import Handles, slug

_SOLD_OUT_AFTER = timedelta(days=90)


class Shelves:
    """The catalogue, with its products by stock code."""

    def __init__(self, log: Log, shop_name: str, clock: London, now: datetime) -> None:
        columns, handles = log.products(), Handles()
        paths = _price_paths(log, clock)
        self.by_code: dict[str, Product] = {}
        rows = zip(
            columns["code"].tolist(), columns["text"].tolist(), clock.utc(columns["first_sale"]),
            clock.utc(columns["last_sale"]), columns["sold_lately"].tolist(), strict=True,
        )  # fmt: skip
        for number, (code, text, first, last, sold) in enumerate(rows, start=1):
            stock = 0 if now - last > _SOLD_OUT_AFTER else max(int(sold), 1)
            product = _product(
                number, code, tidy(text) or f"Item {code}", shop_name, handles, first, paths[code], stock
            )
            self.by_code[code] = product
        self.products = list(self.by_code.values())
        self.collections = _collections(self.products)
        self.price_changes = sorted(
            (
                PriceChange(self.by_code[code].variants[0].id, at, price)
                for code, path in paths.items()
                for at, price in path
            ),
            key=lambda change: (change.at, change.variant_id),
        )


def _price_paths(log: Log, clock: London) -> dict[str, list[tuple[datetime, int]]]:
    """Per stock code, the moments at which the list price changed; the first is the first price."""
    columns = log.prices()
    paths: dict[str, list[tuple[datetime, int]]] = {}
    rows = zip(columns["code"].tolist(), clock.utc(columns["since"]), columns["price"].tolist(), strict=True)
    for code, since, price in rows:
        paths.setdefault(code, []).append((since, price))
    return paths


def _product(
    number: int,
    code: str,
    title: str,
    vendor: str,
    handles: Handles,
    first: datetime,
    path: list[tuple[datetime, int]],
    stock: int,
) -> Product:
    shelves = shelves_of(title)
    changed, price = path[-1]
    variant = Variant(
        id=ids.VARIANT + number,
        product_id=ids.PRODUCT + number,
        title="Default Title",
        sku=code,
        price=price,
        compare_at_price=None,
        inventory_item_id=ids.INVENTORY_ITEM + number,
        quantity=stock,
        updated_at=changed,
    )
    return Product(
        id=ids.PRODUCT + number,
        handle=handles.give(title),
        title=title,
        description=f"{title}. Item {code} of our list.",
        vendor=vendor,
        product_type=shelves[0],
        tags=tuple(sorted(slug(shelf) for shelf in shelves)),
        status="ACTIVE",
        created_at=first - timedelta(days=1),
        updated_at=changed,
        published_at=first - timedelta(days=1),
        variants=[variant],
        image_text=title,
    )


def _collections(products: list[Product]) -> list[Collection]:
    """The collections that hold something; a product may stand in several."""
    made = []
    opened = min(product.created_at for product in products)
    for number, title in enumerate((*COLLECTIONS, OTHER), start=1):
        members = [product.id for product in products if slug(title) in product.tags]
        if members:
            made.append(Collection(ids.COLLECTION + number, slug(title), title, "", members, opened))
    return made
