"""How much of a push nothing was on its way to Klaviyo, from the twin's log of requests and its jobs.

On its way is a request that is being answered, and a job that has not ended. Quota is free while a further import would
be let through: fewer than 10 were taken in the present second, and fewer than 150 in the present minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BURST, STEADY = 10, 150

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Idleness:
    """Shares of the time from the push's begin to its last import.

    `empty`: nothing was on its way although quota was free. `idle`: nor did the worker or its database do anything.
    """

    empty: float
    idle: float


def idleness(
    begun: float, imports: Sequence[Span], jobs: Iterable[Span], watched: Iterable[tuple[float, bool]]
) -> Idleness:
    """Until the last import begins there is something to send.

    Args:
        begun: when the push began, wall time in seconds, as all others.
        imports, jobs: when each began and ended.
        watched: when somebody looked at the worker, ascending, and whether it was busy.
    """
    ends = max((one[0] for one in imports), default=begun)
    gaps = list(_gaps(begun, ends, [*imports, *jobs]))
    taken = [one[0] for one in imports]
    free = [span for span in gaps if _is_free(span, taken)]
    looked = [(at, busy) for at, busy in watched if begun <= at <= ends]
    still = [at for at, busy in looked if not busy]
    within = sum(any(first <= at < last for first, last in free) for at in still)
    return Idleness(
        empty=sum(last - first for first, last in free) / (ends - begun) if ends > begun else 0.0,
        idle=within / len(looked) if looked else 0.0,
    )


def _gaps(begun: float, ends: float, covered: Iterable[Span]) -> Iterable[Span]:
    """What of the time no span covers, cut where a second ends, because a new window begins there."""
    at = begun
    for first, last in sorted(covered):
        if first > at:
            yield from _cut(at, min(first, ends))
        at = max(at, last)
        if at >= ends:
            return
    yield from _cut(at, ends)


def _cut(first: float, last: float) -> Iterable[Span]:
    while first < last:
        edge = min(float(int(first) + 1), last)
        yield first, edge
        first = edge


def _is_free(span: Span, taken: Sequence[float]) -> bool:
    at = span[0]
    before = [one for one in taken if one <= at]
    second = Counter(int(one) for one in before)[int(at)]
    minute = Counter(int(one // 60) for one in before)[int(at // 60)]
    return second < BURST and minute < STEADY
