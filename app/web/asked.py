"""Reads what a theme asks of a rail from the parameters of a verified request; everything in them may be forged.

Only `logged_in_customer_id` is Shopify's word: it is part of what the app proxy signs.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.core.ids import CustomerId, ProductId, VisitorId
from app.core.recommend.rails import Question
from app.core.recommend.sentences import language_of
from app.core.recommend.types import RAILS_OF, Placement, Rail, default_rail
from app.services.serve_recommendations import Ask

DEFAULT_LIMIT = 8
MOST_ITEMS = 24
MOST_IN_CART = 100
MOST_CARDS = 24
MOST_SHOWN = 100

Parameters = Mapping[str, str]


class BadQuestion(Exception):
    """A parameter is missing or absurd; the message names it."""


def ask_of(parameters: Parameters, *, most: int = MOST_ITEMS) -> Ask:
    """Read the question and who asks it.

    Args:
        most: how many items an answer may hold.

    Raises:
        BadQuestion: a parameter is missing or absurd.
    """
    placement = _placement(parameters.get("placement", ""))
    cards = _ids(parameters, "cards", most=MOST_CARDS)
    question = Question(
        rail=_rail(parameters.get("rail", ""), placement),
        product_id=_product(parameters) if placement is Placement.PRODUCT else None,
        cart=_ids(parameters, "cart", most=MOST_IN_CART),
        limit=_limit(parameters.get("limit", ""), default=min(len(cards) or DEFAULT_LIMIT, most), most=most),
        shown=_ids(parameters, "shown", most=MOST_SHOWN),
    )
    return Ask(
        question,
        visitor_of(parameters),
        customer_of(parameters),
        cards,
        page=parameters.get("arms") or None,
        native=_ids(parameters, "native", most=MOST_ITEMS),
        language=language_of(parameters.get("locale", "")),
    )


def _placement(text: str) -> Placement:
    try:
        return Placement(text)
    except ValueError:
        raise BadQuestion(f"placement must be one of {', '.join(Placement)}") from None


def _rail(text: str, placement: Placement) -> Rail:
    if not text:
        return default_rail(placement)
    if text not in RAILS_OF[placement]:
        raise BadQuestion(f"the rail of placement {placement} must be one of {', '.join(RAILS_OF[placement])}")
    return Rail(text)


def _product(parameters: Parameters) -> ProductId:
    text = parameters.get("product_id", "")
    if not text:
        raise BadQuestion("product_id is missing")
    return _id(text, "product_id")


def customer_of(parameters: Parameters) -> CustomerId | None:
    """Shopify signs an empty text where nobody is signed in, and nobody is number 0."""
    text = parameters.get("logged_in_customer_id", "")
    number = int(text) if _is_number(text) else 0
    return CustomerId(number) if number else None


def _ids(parameters: Parameters, name: str, *, most: int) -> tuple[ProductId, ...]:
    text = parameters.get(name, "")
    if not text:
        return ()
    parts = text.split(",", most)
    if len(parts) > most:
        raise BadQuestion(f"{name} must hold at most {most} ids")
    return tuple([_id(part, name) for part in parts])


def _id(text: str, name: str) -> ProductId:
    if not _is_number(text):
        raise BadQuestion(f"{name} must hold numeric ids")
    return ProductId(int(text))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def visitor_of(parameters: Parameters) -> VisitorId | None:
    """The browser's id; only a consenting one has any.

    Raises:
        BadQuestion: it is not one of ours.
    """
    text = parameters.get("visitor", "")
    if not text:
        return None
    if len(text) != 32 or not set(text) <= _HEXADECIMAL:
        raise BadQuestion("visitor must be 32 hexadecimal digits")
    return VisitorId(text)


_HEXADECIMAL = frozenset("0123456789abcdef")


def _limit(text: str, *, default: int, most: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= most):
        raise BadQuestion(f"limit must be a number from 1 to {most}")
    return int(text)
