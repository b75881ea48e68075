"""Products, collections and price changes of an imported shop.

Titles and dates are the log's: a product was published the day before it first sold. Its prices and its stock are
inferred in `devstore.worlds.imported.prices` and `devstore.worlds.imported.stock`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from devstore.model import Collection, PriceChange, Product, Variant
from devstore.worlds import ids
from devstore.worlds.imported.log import Log
from devstore.worlds.imported.prices import PricePath, price_paths
from devstore.worlds.imported.stock import Stock, infer_stock
from devstore.worlds.imported.times import London
from devstore.worlds.imported.titles import COLLECTIONS, OTHER, shelves_of, tidy
from devstore.worlds.text import Handles, slug


class Shelves:
    """The catalogue, with its products by stock code."""

    def __init__(self, log: Log, shop_name: str, clock: London, now: datetime) -> None:
        columns, handles = log.products(), Handles()
        paths = price_paths(log, clock, now)
        self.stock: Stock = infer_stock(log)
        rows = zip(
            columns["code"].tolist(), columns["text"].tolist(), clock.utc(columns["first_sale"]), paths,
            self.stock.quantity.tolist(), self.stock.archived.tolist(), strict=True,
        )  # fmt: skip
        self.by_code: dict[str, Product] = {
            code: _product(
                number, code, tidy(text) or f"Item {code}", shop_name, handles, first, path, stock, archived=archived
            )
            for number, (code, text, first, path, stock, archived) in enumerate(rows, start=1)
        }
        self.products = list(self.by_code.values())
        self.collections = _collections(self.products)
        self.price_changes = sorted(
            (
                PriceChange(product.variants[0].id, at, price)
                for product, path in zip(self.products, paths, strict=True)
                for at, price in path.steps
            ),
            key=lambda change: (change.at, change.variant_id),
        )


def _product(
    number: int,
    code: str,
    title: str,
    vendor: str,
    handles: Handles,
    first: datetime,
    path: PricePath,
    stock: int,
    *,
    archived: bool,
) -> Product:
    shelves = shelves_of(title)
    changed, price = path.steps[-1]
    variant = Variant(
        id=ids.VARIANT + number,
        product_id=ids.PRODUCT + number,
        title="Default Title",
        sku=code,
        price=price,
        compare_at_price=path.compare_at,
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
        status="ARCHIVED" if archived else "ACTIVE",
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
