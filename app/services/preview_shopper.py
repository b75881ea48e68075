"""Everything about one shopper on one page of the admin: what is known of them, and what every rail would show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.ids import CustomerId, ProductId
from app.core.recommend.rails import CLAIMS, Question
from app.core.recommend.shopper import Shopper
from app.core.recommend.types import Placement, Rail
from app.core.shops import Shop
from app.ports import ActiveCustomer, ActiveVisitor, Card
from app.services.preview_rail import Ports, Preview, Who, in_use, known_of, ranked_for, showings_of

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of a shopper, and the rails of home, a product's page and the cart, in the pages' order.

    `product` is the one whose page is shown: the shopper's last one unless another was asked for; None when there is
    none, and then the product's rails are not there. `cart` is what the product and cart pages take to be in the cart.
    """

    who: Who
    known: Shopper
    product: ProductId | None
    cart: tuple[ProductId, ...]
    rails: Mapping[Rail, Preview]

    @property
    def cards(self) -> Mapping[ProductId, Card]:
        """The cards of all products that are known, shown or named."""
        return {product: card for preview in self.rails.values() for product, card in preview.cards.items()}


@dataclass(frozen=True, slots=True)
class RecentShoppers:
    """Whom an overview can be asked for: who was active last comes first."""

    visitors: Sequence[ActiveVisitor]
    customers: Sequence[ActiveCustomer]


def recent_shoppers(shop: Shop, ports: Ports, *, limit: int = 10) -> RecentShoppers:
    """Visitors by their last rail, customers by their last order."""
    shoppers = ports.shoppers
    return RecentShoppers(shoppers.visitors(shop.id, limit=limit), shoppers.customers(shop.id, limit=limit))


def customer_due(shop: Shop, ports: Ports, *, among: int = 50) -> CustomerId | None:
    """Of the customers who ordered last, the one to whom "Buy again" has most to show now, the later one on equal
    numbers; None where it has nothing for any of them.
    """
    served, best, most = in_use(shop, ports), None, 0
    for one in ports.shoppers.customers(shop.id, limit=among) if served is not None else ():
        known = known_of(shop, Who(customer=one.customer), ports)
        shown = len(ranked_for(shop, Question(Rail.BUY_AGAIN), known, served, ports).ranking.items)
        if shown > most:
            best, most = one.customer, shown
    return best


def shopper_overview(
    shop: Shop,
    who: Who,
    ports: Ports,
    *,
    product: ProductId | None = None,
    cart: tuple[ProductId, ...] | None = None,
    limit: int = SHOWN,
) -> Overview:
    """Show what this shopper would see everywhere.

    Args:
        product: whose page to show; the one that the shopper looked at, carted or bought last if None.
        cart: what is in the cart; what the shopper put there lately if None.
    """
    known, served, showings = known_of(shop, who, ports), in_use(shop, ports), showings_of(shop, who, ports)
    page = product if product is not None else _last(known)
    holds = known.carted if cart is None else cart
    rails: dict[Rail, Preview] = {}
    for placement in Placement:
        shown: tuple[ProductId, ...] = ()
        for rail in CLAIMS[placement] if placement is not Placement.PRODUCT or page is not None else ():
            question = Question(rail, page, holds, limit, shown)
            preview = ranked_for(shop, question, known, served, ports, showings=showings)
            shown += tuple(item.product_id for item in preview.ranking.items)
            rails[rail] = preview
    return Overview(who, known, page, holds, {rail: rails[rail] for rail in Rail if rail in rails})


def _last(known: Shopper) -> ProductId | None:
    return next(iter(known.viewed + known.clicked + known.carted + known.bought), None)
