"""Jobs of the house itself, started by the clock: due work, the night, retention, tokens, keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from app.core.shops import Shop
from app.errors import Permanent, Retryable
from app.services.apply_retention import apply_retention as apply_to
from app.services.run_nightly import run_nightly
from app.services.sweep_due_work import sweep_due_work
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def sweep() -> None:
    """Hint again at all due work."""
    wiring = current()
    given = sweep_due_work(wiring.due_work, wiring.jobs)
    if given:
        _log.info("%d hints given", given)


def each_night() -> None:
    """Start the night's jobs of every shop."""
    wiring = current()
    run_nightly(wiring.shops, wiring.jobs)


def apply_retention() -> None:
    """Delete what is older than its term, in every shop that was ever here."""
    wiring = current()

    def apply(shop: Shop) -> None:
        report = apply_to(shop, wiring.retaining)
        _log.info("retention of shop %d: %d records went", shop.id, sum(one.removed for one in report))

    _each(wiring.shops.all(), apply)


def refresh_tokens() -> None:
    """Keep idle shops' refresh tokens from running out: they live 90 days, and each use gives a new one."""
    wiring = current()
    for shop in wiring.shops.installed():
        try:
            stored = wiring.tokens.usable(shop)
            wiring.tokens.rotated(shop, seen=stored.generation)
        except (Permanent, Retryable) as reason:
            _log.warning("token of shop %d not refreshed: %s", shop.id, reason)


def reseal() -> None:
    """Seal again what an older key has sealed."""
    wiring = current()

    def again(shop: Shop) -> None:
        _log.info("%d boxes of shop %d sealed again", wiring.resealing.reseal(shop.id), shop.id)

    _each(wiring.shops.all(), again)


def _each(shops: Sequence[Shop], work: Callable[[Shop], None]) -> None:
    """Do it in every shop; what fails in one does not keep it from the others, but fails the job at the end."""
    failures = []
    for shop in shops:
        try:
            work(shop)
        except Exception as error:
            _log.exception("failed in shop %d", shop.id)
            failures.append(error)
    if failures:
        raise failures[0]
