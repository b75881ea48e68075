"""Distinct types for ids, so that a product can never be passed where a variant is meant.

Shopify's global ids (``gid://shopify/Product/1``) exist only at the edge; inside, an id is the number behind the last
slash.
"""

from __future__ import annotations

import secrets
from typing import NewType

ShopId = NewType("ShopId", int)
"""Our own number of a shop (``shops.id``), not Shopify's."""
ShopDomain = NewType("ShopDomain", str)
"""The permanent ``*.myshopify.com`` domain."""
ProductId = NewType("ProductId", int)
VariantId = NewType("VariantId", int)
CollectionId = NewType("CollectionId", int)
CustomerId = NewType("CustomerId", int)
OrderId = NewType("OrderId", int)
VisitorId = NewType("VisitorId", str)
"""128 random bits as 32 hexadecimal digits, made by the theme element after consent; a bearer secret."""
ClientId = NewType("ClientId", str)
"""Shopify's own id of a browser (the pixel's ``clientId``); theme scripts cannot read it."""
RequestId = NewType("RequestId", str)
"""One answer of the recommendation service; clicks and order lines refer to it."""
ModelVersion = NewType("ModelVersion", str)


def new_request_id() -> RequestId:
    """A fresh request id: 96 random bits, 16 URL-safe characters."""
    return RequestId(secrets.token_urlsafe(12))


def gid(kind: str, number: int) -> str:
    """Shopify's global id of object `number` of type `kind`, e.g. ``gid://shopify/Product/1``."""
    return f"gid://shopify/{kind}/{number}"


def number_of(global_id: str) -> int:
    """The number behind a global id; parameters such as ``?inventory_item_id=`` are ignored.

    Raises:
        ValueError: the text is not a global id with a number.
    """
    tail = global_id.rpartition("/")[2].partition("?")[0]
    if not global_id.startswith("gid://shopify/") or not tail.isdecimal():
        raise ValueError(f"not a Shopify global id: {global_id!r}")
    return int(tail)
