"""Reasons in words. The code was set by the source that brought the item; this only says it in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.ids import ProductId
from app.core.recommend.types import Reason, ReasonCode

MOST_NAMED = 2


def reason_text(reason: Reason, titles: Mapping[ProductId, str]) -> str:
    """One sentence in English; products whose title is not in `titles` are not named."""
    if reason.code is ReasonCode.TRENDING:
        return "Popular in this store"
    named = [titles[product] for product in reason.because if titles.get(product)][:MOST_NAMED]
    if not named:
        return "Often bought together"
    return f"Often bought together with {' and '.join(named)}"
