"""Reasons in words. The code was set by the source that brought the item; this only says it in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.ids import ProductId
from app.core.recommend.sentences import DEFAULT, LANGUAGES
from app.core.recommend.types import Reason

MOST_NAMED = 2


def reason_text(reason: Reason, titles: Mapping[ProductId, str], language: str = DEFAULT) -> str:
    """One sentence; products whose title is not in `titles` are not named.

    Args:
        language: one of `sentences.LANGUAGES`.
    """
    words = LANGUAGES[language]
    if reason.again is not None:
        return words.again.sentence(reason.again)
    naming, plain = words.sentences[reason.code]
    named = [titles[product] for product in reason.because if titles.get(product)][:MOST_NAMED]
    # Names are put in last: what merchants write is never read as a pattern.
    return naming.format(f" {words.both} ".join(named)) if named else plain
