"""Lists in the store's own metafields: how they are written and taken away in bulk, and what Shopify said of each.

All metafields of a product travel in one line, so a product never shows a list with another list's reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

import orjson

from app.core.ids import ProductId, gid
from app.core.recommend.lists import ProductLists
from app.ports import AdminApi
from app.services import bulk_metafields
from app.services.bulk_metafields import Wait, parts_of, write_lines

NAMESPACE = "$app"
LIST_KEY = "recs"
REASON_KEY = "recs_reason"
VIEWED_KEY = "also_viewed"
LOOK_KEY = "complete_the_look"
ALL_KEYS = (LIST_KEY, REASON_KEY, VIEWED_KEY, LOOK_KEY)
UNSURE = "?"
"""The digest of a product while a line about it is under way: any of our metafields may stand there."""
NOTHING = "-"
LINES_PER_OPERATION = 25_000
"""Three lists of 24, 24 and 6 references need about 3 kB, and a file may have 100 MB."""

Outcome = bulk_metafields.Outcome[ProductId]


def digest_of(lists: ProductLists) -> str:
    """Changes whenever what stands in the metafields would change, and tells which of them do (`keys_of`)."""
    reasoned = [lists.code.value, *map(str, lists.recs)] if lists.recs else []
    return ".".join(map(_digest, (reasoned, lists.also_viewed, lists.complete_the_look)))


def keys_of(digest: str | None) -> frozenset[str]:
    """The metafields that stand at a product with this digest."""
    if digest is None:
        return frozenset()
    parts = digest.split(".")
    keys = ((LIST_KEY, REASON_KEY), (VIEWED_KEY,), (LOOK_KEY,))
    if len(parts) != len(keys):
        return frozenset(ALL_KEYS)
    return frozenset(key for part, own in zip(parts, keys, strict=True) if part != NOTHING for key in own)


def _digest(parts: Iterable[object]) -> str:
    text = ",".join(map(str, parts))
    return sha256(text.encode()).hexdigest()[:20] if text else NOTHING


def write_lists(
    api: AdminApi, lists: Mapping[ProductId, ProductLists], *, wait: Wait = time.sleep
) -> Iterator[Outcome]:
    """Write the lists that are not empty, one outcome per bulk operation; the others stay as they are.

    Raises:
        Retryable: Shopify ended an operation early; what it did before has been yielded.
    """
    for part in parts_of(lists, LINES_PER_OPERATION):
        lines = (_set_line(product, lists[product]) for product in part)
        yield from write_lines(api, "set_metafields", "metafieldsSet", part, lines, wait)


def delete_lists(
    api: AdminApi, keys: Mapping[ProductId, Iterable[str]], *, wait: Wait = time.sleep
) -> Iterator[Outcome]:
    """Take these metafields of the products away, one outcome per bulk operation; what is not there is no error."""
    for part in parts_of(keys, LINES_PER_OPERATION):
        lines = (_delete_line(product, keys[product]) for product in part)
        yield from write_lines(api, "delete_metafields", "metafieldsDelete", part, lines, wait)


def _set_line(product: ProductId, lists: ProductLists) -> bytes:
    own = {"ownerId": gid("Product", product), "namespace": NAMESPACE}
    metafields = [
        {**own, "key": key, "type": "list.product_reference", "value": _references(products)}
        for key, products in (
            (LIST_KEY, lists.recs),
            (VIEWED_KEY, lists.also_viewed),
            (LOOK_KEY, lists.complete_the_look),
        )
        if products
    ]
    if lists.recs:
        reason = {**own, "key": REASON_KEY, "type": "single_line_text_field", "value": lists.code.value}
        metafields.append(reason)
    return orjson.dumps({"metafields": metafields})


def _references(products: Iterable[ProductId]) -> str:
    return orjson.dumps([gid("Product", number) for number in products]).decode()


def _delete_line(product: ProductId, keys: Iterable[str]) -> bytes:
    own = {"ownerId": gid("Product", product), "namespace": NAMESPACE}
    return orjson.dumps({"metafields": [{**own, "key": key} for key in sorted(keys)]})
