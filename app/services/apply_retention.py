"""The night's retention: in every place what is older than its term goes, the lake included, and a report says what.

A place that fails does not keep the others from being worked off; the report says so, and so does the job's failure.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.governance.terms import Term
from app.core.ids import ShopId
from app.core.shops import Shop
from app.ports import Clock, LakeUpkeep, Retention, RetentionEntry, RetentionRuns

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    retention: Retention
    runs: RetentionRuns
    lake: LakeUpkeep
    clock: Clock


def apply_retention(shop: Shop, ports: Ports) -> list[RetentionEntry]:
    """Do it once; returns the report, which is also kept.

    Raises:
        Exception: whatever failed first, after everything else was done and the report written.
    """
    now, terms = ports.clock.now(), ports.retention.terms(shop.id)
    limit = now - timedelta(days=terms[Term.BEHAVIOUR])
    work: dict[str, tuple[Term, Callable[[], int]]] = {
        place: (ports.retention.term_of(place), _in_place(shop.id, place, now, ports))
        for place in ports.retention.places
    }
    work["lake"] = (Term.BEHAVIOUR, lambda: ports.lake.forget_before(shop.id, limit))
    report: list[RetentionEntry] = []
    failures: list[Exception] = []
    for place, (term, remove) in work.items():
        began, removed, problem = time.monotonic(), 0, ""
        try:
            removed = remove()
        except Exception as error:
            # Whatever is wrong with one place, the others' terms are over all the same; the job fails at the end.
            log.exception("retention of %s in shop %d failed", place, shop.id)
            failures.append(error)
            # The text of an outside library's error may hold what it was working on.
            problem = type(error).__name__
        report.append(RetentionEntry(now, place, terms[term], removed, time.monotonic() - began, problem))
    ports.runs.note(shop.id, report)
    if failures:
        raise failures[0]
    return report


def _in_place(shop: ShopId, place: str, now: datetime, ports: Ports) -> Callable[[], int]:
    return lambda: ports.retention.apply_in(shop, place, now=now)
