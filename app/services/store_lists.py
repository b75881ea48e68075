"""Lists in the store's own metafields: how they are written and taken away in bulk, and what Shopify said of each.

All metafields of a product travel in one line, so a product never shows a list with another list's reason.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from app.core.ids import ProductId, gid
from app.core.recommend.lists import ProductLists
from app.errors import Retryable
from app.ports import AdminApi, BulkOperation

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
RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})
TIMEOUT_S = 3600.0
LONGEST_PAUSE_S = 5.0

Wait = Callable[[float], None]


@dataclass(slots=True)
class Outcome:
    """What became of the lines: products that Shopify accepted, and its words about those it refused.

    Of those that are `unsure` there is no answer that can be read: they may have been accepted.
    """

    accepted: list[ProductId] = field(default_factory=list)
    refused: dict[ProductId, str] = field(default_factory=dict)
    unsure: dict[ProductId, str] = field(default_factory=dict)


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
    for part in _parts(lists):
        lines = (_set_line(product, lists[product]) for product in part)
        yield from _run(api, "set_metafields", "metafieldsSet", part, lines, wait)


def delete_lists(
    api: AdminApi, keys: Mapping[ProductId, Iterable[str]], *, wait: Wait = time.sleep
) -> Iterator[Outcome]:
    """Take these metafields of the products away, one outcome per bulk operation; what is not there is no error."""
    for part in _parts(keys):
        lines = (_delete_line(product, keys[product]) for product in part)
        yield from _run(api, "delete_metafields", "metafieldsDelete", part, lines, wait)


def _parts(products: Iterable[ProductId]) -> Iterator[list[ProductId]]:
    rest = iter(products)
    while part := list(itertools.islice(rest, LINES_PER_OPERATION)):
        yield part


def _run(
    api: AdminApi, document: str, field_name: str, products: Sequence[ProductId], lines: Iterator[bytes], wait: Wait
) -> Iterator[Outcome]:
    operation = _finished(api, api.start_bulk_mutation(document, lines), wait)
    url = operation.url or operation.partial_url
    yield _outcome(api.lines(url) if url else iter(()), field_name, products)
    if operation.status != "COMPLETED":
        raise Retryable(f"bulk operation {operation.id} ended as {operation.status} ({operation.error_code})")


def _finished(api: AdminApi, operation: BulkOperation, wait: Wait) -> BulkOperation:
    pause, waited = 0.1, 0.0
    while operation.status in RUNNING:
        if waited > TIMEOUT_S:
            raise Retryable(f"bulk operation {operation.id} is not done after {TIMEOUT_S:.0f} s")
        wait(pause)
        waited += pause
        pause = min(pause * 1.5, LONGEST_PAUSE_S)
        operation = api.bulk_operation(operation.id)
    return operation


def _outcome(lines: Iterator[bytes], field_name: str, products: Sequence[ProductId]) -> Outcome:
    """Compare the answers with what was asked, line by line."""
    answers: dict[int, str] = {}
    for place, line in enumerate(lines):
        answer = _answer(place, line, field_name)
        if answer is not None:
            answers[answer[0]] = answer[1]
    outcome = Outcome()
    for number, product in enumerate(products):
        problem = answers.get(number)
        if problem is None:
            outcome.unsure[product] = "Shopify gave no answer to this line that can be read"
        elif problem:
            outcome.refused[product] = problem
        else:
            outcome.accepted.append(product)
    return outcome


def _answer(place: int, line: bytes, field_name: str) -> tuple[int, str] | None:
    """The number of the line that this answers, and what Shopify objects to: nothing if it accepted the line.

    None for an answer that cannot be read.
    """
    try:
        answer: dict[str, Any] = orjson.loads(line)
        number = int(answer.get("__lineNumber", place))
        errors = answer.get("errors") or answer["data"][field_name]["userErrors"]
        return number, "; ".join(str(error["message"]) for error in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


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
