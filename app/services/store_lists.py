"""Lists in the store's own metafields: how they are written and taken away in bulk, and what Shopify said of each.

Both metafields of a product travel in one line, so a product never shows a list with another list's reason.
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
from app.errors import Retryable
from app.ports import AdminApi, BulkOperation, StoredList

NAMESPACE = "$app"
LIST_KEY = "recs"
REASON_KEY = "recs_reason"
LINES_PER_OPERATION = 40_000
"""24 references need about 1.3 kB, and a file may have 100 MB."""
RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})
TIMEOUT_S = 3600.0
LONGEST_PAUSE_S = 5.0

Wait = Callable[[float], None]


@dataclass(slots=True)
class Outcome:
    """What became of the lines: products that Shopify accepted, and its words about those it refused."""

    accepted: list[ProductId] = field(default_factory=list)
    refused: dict[ProductId, str] = field(default_factory=dict)


def digest_of(stored: StoredList) -> str:
    """Changes whenever what stands in the metafields would change."""
    text = ",".join([stored.code.value, *map(str, stored.products)])
    return sha256(text.encode()).hexdigest()[:32]


def write_lists(api: AdminApi, lists: Mapping[ProductId, StoredList], *, wait: Wait = time.sleep) -> Iterator[Outcome]:
    """Write the lists, one outcome per bulk operation.

    Raises:
        Retryable: Shopify ended an operation early; what it did before has been yielded.
    """
    for part in _parts(lists):
        lines = (_set_line(product, lists[product]) for product in part)
        yield from _run(api, "set_metafields", "metafieldsSet", part, lines, wait)


def delete_lists(api: AdminApi, products: Iterable[ProductId], *, wait: Wait = time.sleep) -> Iterator[Outcome]:
    """Take the lists of the products away, one outcome per bulk operation; what is not there is no error."""
    for part in _parts(products):
        yield from _run(api, "delete_metafields", "metafieldsDelete", part, map(_delete_line, part), wait)


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
    """Compare the answers with what was asked, line by line; a line without an answer was not accepted."""
    answers: dict[int, str] = {}
    for place, line in enumerate(lines):
        number, problem = _answer(place, line, field_name)
        answers[number] = problem
    outcome = Outcome()
    for number, product in enumerate(products):
        problem = answers.get(number, "Shopify gave no answer to this line")
        if problem:
            outcome.refused[product] = problem
        else:
            outcome.accepted.append(product)
    return outcome


def _answer(place: int, line: bytes, field_name: str) -> tuple[int, str]:
    """The number of the line that this answers, and what Shopify objects to; nothing if it accepted the line."""
    try:
        answer: dict[str, Any] = orjson.loads(line)
        number = int(answer.get("__lineNumber", place))
        errors = answer.get("errors") or answer["data"][field_name]["userErrors"]
        return number, "; ".join(str(error["message"]) for error in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return place, f"the answer in line {place + 1} cannot be read"


def _set_line(product: ProductId, stored: StoredList) -> bytes:
    references = orjson.dumps([gid("Product", number) for number in stored.products]).decode()
    own = {"ownerId": gid("Product", product), "namespace": NAMESPACE}
    metafields = [
        {**own, "key": LIST_KEY, "type": "list.product_reference", "value": references},
        {**own, "key": REASON_KEY, "type": "single_line_text_field", "value": stored.code.value},
    ]
    return orjson.dumps({"metafields": metafields})


def _delete_line(product: ProductId) -> bytes:
    own = {"ownerId": gid("Product", product), "namespace": NAMESPACE}
    return orjson.dumps({"metafields": [{**own, "key": LIST_KEY}, {**own, "key": REASON_KEY}]})
