"""Metafields in bulk: one line an owner, in one of Shopify's bulk operations, and what Shopify said of each line."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import orjson

from app.errors import Retryable
from app.ports import AdminApi, BulkOperation

RUNNING: Final = frozenset({"CREATED", "RUNNING", "CANCELING"})
TIMEOUT_S: Final = 3600.0
LONGEST_PAUSE_S: Final = 5.0

Wait = Callable[[float], None]
Owner = TypeVar("Owner", bound=int)


@dataclass(slots=True)
class Outcome(Generic[Owner]):
    """What became of the lines: owners that Shopify accepted, and its words about those it refused.

    Of those that are `unsure` there is no answer that can be read: they may have been accepted.
    """

    accepted: list[Owner] = field(default_factory=list)
    refused: dict[Owner, str] = field(default_factory=dict)
    unsure: dict[Owner, str] = field(default_factory=dict)


def parts_of(owners: Iterable[Owner], most: int) -> Iterator[list[Owner]]:
    """The owners, `most` at a time."""
    rest = iter(owners)
    while part := list(itertools.islice(rest, most)):
        yield part


def write_lines(
    api: AdminApi, document: str, field_name: str, owners: Sequence[Owner], lines: Iterator[bytes], wait: Wait
) -> Iterator[Outcome[Owner]]:
    """Run the document once a line and yield what became of the lines.

    Args:
        document: of a mutation whose answer stands under `field_name`.
        owners: whom the lines are about, in their order.

    Raises:
        Retryable: Shopify ended the operation early; what it did before has been yielded.
    """
    operation = _finished(api, api.start_bulk_mutation(document, lines), wait)
    url = operation.url or operation.partial_url
    yield _outcome(api.lines(url) if url else iter(()), field_name, owners)
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


def _outcome(lines: Iterator[bytes], field_name: str, owners: Sequence[Owner]) -> Outcome[Owner]:
    """Compare the answers with what was asked, line by line."""
    answers: dict[int, str] = {}
    for place, line in enumerate(lines):
        answer = _answer(place, line, field_name)
        if answer is not None:
            answers[answer[0]] = answer[1]
    outcome: Outcome[Owner] = Outcome()
    for number, owner in enumerate(owners):
        problem = answers.get(number)
        if problem is None:
            outcome.unsure[owner] = "Shopify gave no answer to this line that can be read"
        elif problem:
            outcome.refused[owner] = problem
        else:
            outcome.accepted.append(owner)
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
