"""What happened in a shop since its last training, and where what was learnt of it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from app.core.ids import CustomerId, ModelVersion, OrderId, ProductId, ShopId
    from app.core.recommend.fresh import Fresh
    from app.core.recommend.interactions import Baskets


class NewsOfShop(Protocol):
    """The newest rows of a shop, a bounded number of them. Only of who may be learnt from."""

    def orders(self, shop: ShopId, *, since: datetime, most: int) -> Baskets:
        """The orders made at `since` or later, the newest ones if there are more; products whose refund is complete are
        not in them, nor are tests, cancellations, objectors or erased people."""

    def buyers(self, shop: ShopId, orders: Collection[OrderId]) -> Sequence[CustomerId]:
        """Who made these orders; not those who object."""

    def newcomers(self, shop: ShopId, *, since: datetime, most: int) -> Sequence[ProductId]:
        """Published products that were created at `since` or later, the newest first."""

    def prices(self, shop: ShopId) -> Mapping[ProductId, float]:
        """The lowest price above 0 of each product, in minor units."""

    def order_days(self, shop: ShopId, *, since: datetime) -> npt.NDArray[np.int64]:
        """The day of every order of a shop that counts, days since 1970-01-01."""


class FreshStore(Protocol):
    """What a shop has learnt since its trainings, a value for each version that serves, beside the hot path. It is a
    copy: what is lost here is made anew."""

    def mark(self, shop: ShopId) -> int:
        """Of what stands there now; another one after each change."""

    def put(self, shop: ShopId, fresh: Iterable[Fresh], *, since: int | None = None) -> bool:
        """Put these in the place of all that stands there, and tell every process.

        Args:
            since: the `mark` before what they were learnt from was read: nothing is written if there was a change
                meanwhile, and False returned.
        """

    def get(self, shop: ShopId, version: ModelVersion) -> Fresh | None:
        """What stands beside this version; None where nothing does, or nothing that can be read."""

    def forget(self, shop: ShopId) -> int:
        """Remove all of it, and tell every process; returns for how many versions there was something."""
