"""Reasons in words. The code was set by the source that brought the item; this only says it in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.ids import ProductId
from app.core.recommend.types import Reason, ReasonCode

MOST_NAMED = 2

SENTENCES = {
    ReasonCode.BOUGHT_TOGETHER: ("Often bought together with {}", "Often bought together"),
    ReasonCode.ALSO_VIEWED: ("Often looked at together with {}", "Often looked at together"),
    ReasonCode.COMPLETES_THE_LOOK: ("Goes with {}", "Goes well together"),
    ReasonCode.BECAUSE_VIEWED: ("Because you looked at {}", "Because of what you looked at"),
    ReasonCode.BECAUSE_BOUGHT: ("Because you bought {}", "Because of what you bought"),
    ReasonCode.TRENDING: ("Popular in this store", "Popular in this store"),
}
"""With the products that brought the item, and without, when none of them has a known title."""


def reason_text(reason: Reason, titles: Mapping[ProductId, str]) -> str:
    """One sentence in English; products whose title is not in `titles` are not named."""
    naming, plain = SENTENCES[reason.code]
    named = [titles[product] for product in reason.because if titles.get(product)][:MOST_NAMED]
    return naming.format(" and ".join(named)) if named else plain
