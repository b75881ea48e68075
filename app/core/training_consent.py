"""What the merchant is asked before anything is learnt (law 1), in versioned words.

A changed text gets a new version and stays here beside the old one, because a recorded consent names the version that
was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The question, what it covers and what it does not, as paragraphs in plain words."""

    version: str
    question: str
    covers: tuple[str, ...]
    never: tuple[str, ...]


FIRST: Final = ConsentText(
    version="2026-11",
    question="May Attune learn from your store's data to recommend products to your shoppers?",
    covers=(
        "Attune will train a model on your orders and catalogue: which products were bought, when, and together "
        "with which others. Later it may also use what consenting visitors look at in your store.",
        "The model is used for your store only and is trained on the servers where you run this app.",
        "You can withdraw at any time on this page. The model, everything computed from your data for it, and the "
        "lists it put on your product pages are then deleted.",
    ),
    never=(
        "Names, e-mail addresses, phone numbers and postal addresses are never used for training.",
        "Nothing is pooled with other stores, and nothing is passed on to anyone.",
        "Customers who opted out are left out.",
    ),
)
CURRENT: Final = ConsentText(
    version="2026-11-23",
    question=FIRST.question,
    covers=(
        "Attune will train models on your orders and catalogue (which products were bought, when, together with which "
        "others, and by the same customer) and on what visitors who allowed it look at in your store.",
        "The models are used for your store only and are trained on the servers where you run this app.",
        "You can withdraw at any time on this page. The models, everything computed from your data for them, and the "
        "lists they put into your store are then deleted.",
    ),
    never=FIRST.never,
)
"""Since there are models of views and of customers; the first text announced views for later, so its grants stand."""
TEXTS: Final = {text.version: text for text in (FIRST, CURRENT)}
