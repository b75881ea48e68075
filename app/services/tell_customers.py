"""What is told about customers in their metafields: written and taken away in bulk, all of one in one line."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import orjson

from app.core.ids import CustomerId, gid
from app.core.segments.outlets import FAVOURITE_KEY, SCORES_KEY, SEGMENTS_KEY, STAGE_KEY, Told
from app.ports import AdminApi
from app.services.bulk_metafields import Outcome, Wait, parts_of, write_lines

NAMESPACE: Final = "$app"
UNSURE: Final = "?"
"""The digest of a customer while a line about them is under way: any of our metafields may stand there."""
LINES_PER_OPERATION: Final = 25_000
"""128 handles and three short texts need less than 3 kB, and a file may have 100 MB."""


def write_told(
    api: AdminApi, told: Mapping[CustomerId, Told], *, wait: Wait = time.sleep
) -> Iterator[Outcome[CustomerId]]:
    """Write what is not empty, one outcome per bulk operation; the other metafields stay as they are.

    Raises:
        Retryable: Shopify ended an operation early; what it did before has been yielded.
    """
    for part in parts_of(told, LINES_PER_OPERATION):
        lines = (_set_line(customer, told[customer]) for customer in part)
        yield from write_lines(api, "set_customer_metafields", "metafieldsSet", part, lines, wait)


def delete_told(
    api: AdminApi, keys: Mapping[CustomerId, Iterable[str]], *, wait: Wait = time.sleep
) -> Iterator[Outcome[CustomerId]]:
    """Take these metafields of the customers away, one outcome per bulk operation; what is not there is no error."""
    for part in parts_of(keys, LINES_PER_OPERATION):
        lines = (_delete_line(customer, keys[customer]) for customer in part)
        yield from write_lines(api, "delete_customer_metafields", "metafieldsDelete", part, lines, wait)


def _set_line(customer: CustomerId, told: Told) -> bytes:
    own = {"ownerId": gid("Customer", customer), "namespace": NAMESPACE}
    listed = orjson.dumps(told.segments).decode() if told.segments else ""
    values = (
        (SEGMENTS_KEY, "list.single_line_text_field", listed),
        (STAGE_KEY, "single_line_text_field", told.stage),
        (SCORES_KEY, "single_line_text_field", told.scores),
        (FAVOURITE_KEY, "single_line_text_field", told.favourite),
    )
    return orjson.dumps({"metafields": [{**own, "key": key, "type": type, "value": v} for key, type, v in values if v]})


def _delete_line(customer: CustomerId, keys: Iterable[str]) -> bytes:
    own = {"ownerId": gid("Customer", customer), "namespace": NAMESPACE}
    return orjson.dumps({"metafields": [{**own, "key": key} for key in sorted(keys)]})
