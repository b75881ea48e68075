"""What the storefront's answers are made of, in memory and in live state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from app.core.profiles.preferences import UNSET, Preferences
from app.core.recommend.past_orders import PastOrder, products_of

if TYPE_CHECKING:
    from app.core.experiments.assign import Experiments
    from app.core.experiments.types import Unit
    from app.core.ids import (
        CustomerId,
        ModelVersion,
        ProductId,
        ShopId,
        VisitorId,
    )
    from app.core.recommend.canary import Canary
    from app.core.recommend.served import ServedModel
    from app.core.recommend.types import ReasonCode


class Shelf(Protocol):
    """One shop's catalogue and model as the web process holds them; stock is at most a second old."""

    @property
    def model(self) -> ServedModel | None: ...

    @property
    def experiments(self) -> Experiments:
        """Those that run, at most a second behind the merchant's last change."""

    @property
    def pinned(self) -> Mapping[ModelVersion, ServedModel]:
        """Other models that running experiments name, and the canary, as far as they can be read."""

    @property
    def canary(self) -> Canary | None:
        """The version that some visitors get before everybody does."""

    @property
    def titles(self) -> Mapping[ProductId, str]: ...

    @property
    def handles(self) -> Mapping[ProductId, str]: ...

    def is_buyable(self, product: ProductId) -> bool: ...

    def buyable_among(self, items: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of these products may be recommended, bool [N]; not to be changed.

        Args:
            items: ids that a model holds; the answer is remembered by the array itself until the catalogue changes.
        """

    @property
    def new_products(self) -> Mapping[ProductId, int]:
        """The impressions that are still owed to each new product; nothing while no slider asks for them."""

    def cover(self, product: ProductId) -> float:
        """For how many days the stock lasts; infinite where it never ends, NaN where it is not known (now)."""

    def cannot_be_bought(self, product: ProductId) -> bool:
        """Whether the product is known and may not be recommended now; False for one that the shelf has never seen."""

    def card_json(self, product: ProductId) -> bytes:
        """The members of the product's JSON object that are the same in every answer, without the braces.

        Raises:
            KeyError: the shelf does not hold the product.
        """


class Shelves(Protocol):
    def mapped(self, shop: ShopId) -> Shelf | None:
        """The shop's shelf; None when it is not in memory yet, which is then seen to in the background."""

    def small(self, shop: ShopId, products: Iterable[ProductId]) -> Shelf:
        """A shelf of just these products, read now: what an unmapped shop is answered from meanwhile."""


@dataclass(frozen=True, slots=True)
class StoredList:
    """A product's item-level list, as it also stands in the store's metafields; best first."""

    code: ReasonCode
    products: tuple[ProductId, ...]


@dataclass(frozen=True, slots=True)
class VisitorState:
    """What is known right now about the visitor of a request. Empty without consent, and when Redis does not answer."""

    viewed: tuple[ProductId, ...] = ()
    """The last product pages looked at, newest first, as in all of these."""
    clicked: tuple[ProductId, ...] = ()
    """The last cards of ours clicked."""
    seen: tuple[ProductId, ...] = ()
    """The last cards of ours that were in view."""
    carted: tuple[ProductId, ...] = ()
    """The last products put into the cart."""
    shown: Mapping[ProductId, tuple[int, ...]] = field(default_factory=dict)
    """In which visits which card of ours was in view, newest first (`impressions.visit_of`); read only where asked."""
    orders: tuple[PastOrder, ...] = ()
    """The last orders of the signed-in customer, newest first; empty for everybody who is not proved to be one."""
    visit: tuple[ProductId, ...] = ()
    """What was viewed, clicked or carted in the last visit, oldest first, each once; read only where asked."""
    unit: Unit | None = None
    """Who is assigned to arms, where that is not the visitor: the first id under which a signed-in customer came."""
    stitched: bool = False
    """Whether the visitor is assigned as that unit only since now."""
    stored: StoredList | None = None
    own: Preferences = UNSET
    """What the shopper has set for themselves, as a visitor or as the signed-in customer."""
    known: bool = True
    """False where nothing could be read: then it is not known either as whom the visitor is assigned."""

    @property
    def bought(self) -> tuple[ProductId, ...]:
        """The different products of the orders, newest first."""
        return products_of(self.orders)


class LiveState(Protocol):
    def read(
        self,
        shop: ShopId,
        visitor: VisitorId | None,
        *,
        list_of: ProductId | None,
        customer: CustomerId | None = None,
        signed_in: CustomerId | None = None,
        showings: bool = False,
        visits: bool = False,
        asker: CustomerId | None = None,
    ) -> VisitorState:
        """The visitor's state and, if asked for, a product's stored list, in one round trip; never raises.

        Args:
            customer: whose purchases are wanted; only one whose id Shopify has signed, because a visitor id proves
                nothing about who somebody is.
            signed_in: as that; who the visitor is, so that all browsers of a customer are assigned alike. Only where
                experiments run.
            showings: whether `VisitorState.shown` is wanted.
            visits: whether `VisitorState.visit` is wanted.
        """


@dataclass(frozen=True, slots=True)
class ActiveVisitor:
    """A consenting visitor, and when they last got a rail."""

    visitor: VisitorId
    at: datetime


@dataclass(frozen=True, slots=True)
class ActiveCustomer:
    """A customer, when they last ordered, and how many orders the shop counts for them."""

    customer: CustomerId
    at: datetime
    orders: int


class Shoppers(Protocol):
    """Who was active lately, for the admin's preview; customers who opted out or were erased never appear."""

    def visitors(self, shop: ShopId, *, limit: int) -> Sequence[ActiveVisitor]:
        """The last active first."""

    def customers(self, shop: ShopId, *, limit: int) -> Sequence[ActiveCustomer]:
        """The last to order first."""

    def orders(self, shop: ShopId, customer: CustomerId) -> Sequence[PastOrder]:
        """What the customer bought and kept (`past_orders.newest_of`); empty when nothing may be used."""
