"""The app-proxy door, as the storefront's hot path uses it: signature, 90 seconds, a shop that has the app installed.

It reads the raw query string once and hands the decoded parameters on, so that a route need not parse them again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from app.adapters.shopify.proxy_signature import BadSignature, ProxySignature
from app.core.ids import ShopDomain
from app.core.shops import Shop, ShopState
from app.ports import ShopsByDomain


class NotFromShopify(Exception):
    """The request did not come through an installed shop's app proxy; the message is for the log and the sender."""


@dataclass(frozen=True, slots=True)
class ProxyCall:
    """A verified request: the shop, and the query's parameters, Shopify's own included."""

    shop: Shop
    parameters: dict[str, str]


class ProxyDoor:
    """Checks requests for one app."""

    def __init__(self, shops: ShopsByDomain, signature: ProxySignature) -> None:
        self._shops = shops
        self._signature = signature

    def enter(self, query: str) -> ProxyCall:
        """Verify a raw query string.

        Raises:
            NotFromShopify: it is not signed by Shopify, too old, or its shop does not have the app.
        """
        try:
            parameters = self._signature.parameters(query, now_s=time.time())
        except BadSignature as error:
            raise NotFromShopify(str(error)) from None
        shop = self._shops.by_domain(ShopDomain(parameters["shop"]))
        if shop is None or shop.state is not ShopState.INSTALLED:
            raise NotFromShopify("the app is not installed in this shop")
        return ProxyCall(shop, parameters)
