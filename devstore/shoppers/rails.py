"""What the theme's element makes of a rail: how it is painted for the visitor's arms, and what an answer changes in it.

The rules are those of extensions/recommendations/assets; who asks and reports is `devstore.shoppers.scripts`. Here are
values only: rows are changed, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from devstore.shoppers.page import OURS, Answer, Card, Row

RAIL: Final = "attune:"
"""How the names of our rows begin."""
DEFAULT: Final = "default"
PRIMARY, ALTERNATIVE, NATIVE = "primary", "alternative", "native"

Arms = Mapping[str, Mapping[str, str]]


def is_ours(row: Row) -> bool:
    return row.name.startswith(RAIL)


def paint(rows: Sequence[Row], arms: Arms | None) -> None:
    """As the script in the page does, before anything is seen; nothing where no arms are known."""
    if arms is None:
        return
    for row in filter(is_ours, rows):
        told = arms.get(row.attributes.get("rail", ""), {})
        row.arms, row.show = told.get("variant") or DEFAULT, told.get("show") or OURS
        hold(row)
        if row.place:
            row.hidden = row.place != (told.get("place") or PRIMARY)
    elsewhere = {row.name for row in rows if row.place == ALTERNATIVE}
    for row in rows:
        if row.place == PRIMARY and row.name not in elsewhere:
            row.hidden = False


def hold(row: Row) -> None:
    """Keep the places of a control, and let nothing be seen in them."""
    for card in row.cards:
        card.held = row.show != OURS


def ranking(answer: Any) -> Answer:
    """An answer in JSON.

    Raises:
        AttributeError, KeyError, TypeError: it has another shape.
    """
    return Answer(
        request=answer["request_id"],
        show=answer.get("show") or OURS,
        stale=answer.get("stale") is True,
        fetch=answer.get("fetch") is True,
        ranking=tuple(dict.fromkeys(item["product_id"] for item in answer["items"])),
        unavailable=frozenset(answer.get("unavailable", ())),
    )


def fits(row: Row, answer: Answer) -> bool:
    """Whether the answer is for what the page shows."""
    return not answer.stale and answer.show == row.show


def take(row: Row, answer: Answer, elsewhere: Sequence[str]) -> None:
    """Change the row as the answer says; it has as many places afterwards as before, and none for what has sold out."""
    places = len(row.shown)
    row.cards = [card for card in row.cards if card.product_id not in answer.unavailable]
    row.request = answer.request
    if not fits(row, answer):
        row.silent = True
    elif row.show != OURS:
        control(row, answer, places)
    elif answer.ranking is not None:
        _order(row, answer.request, answer.ranking, elsewhere)
    else:
        _exchange(row, answer.cards, places, elsewhere)
    show(row, places)


def control(row: Row, answer: Answer, places: int) -> None:
    """What is seen of a control's places belongs to the answer; Shopify's cards stand in the places of ours."""
    show(row, places)
    native = list(answer.cards[: len(row.shown)]) if row.show == NATIVE else []
    for card, place in zip(native, row.shown, strict=False):
        card.ghost = place.product_id
    if native:
        row.cards = [*native, *row.shown[len(native) :]]
    for card in row.shown:
        card.request = answer.request or card.request


def distinct(cards: Iterable[Card], elsewhere: Sequence[str]) -> Iterator[Card]:
    """Each product once; what other rails show comes last."""
    once: dict[str | None, Card] = {}
    for card in cards:
        once.setdefault(card.product_id, card)
    yield from (card for product, card in once.items() if product not in elsewhere)
    yield from (card for product, card in once.items() if product in elsewhere)


def above(rows: Iterable[Row], row: Row) -> int:
    """How many places for Shopify's own list stand above the row: the list goes on there."""
    before = takewhile(lambda other: other is not row, rows)
    return sum(len(other.shown) for other in before if is_ours(other) and other.show == NATIVE and not other.hidden)


def elsewhere(rows: Iterable[Row], row: Row) -> list[str]:
    """What our rails above this one show; it is not to be repeated."""
    above: list[str] = []
    for other in rows:
        if other is row:
            break
        if is_ours(other) and not other.hidden:
            above += [card.product_id for card in other.shown if card.product_id and not card.held]
    return list(dict.fromkeys(above))


def _order(row: Row, request: str | None, ranked: Sequence[str], shown_elsewhere: Sequence[str]) -> None:
    left = {card.product_id: card for card in row.cards}
    for card in left.values():
        card.request = request if card.product_id in ranked else None
    first = [left.pop(product) for product in ranked if product in left]
    row.cards = list(distinct([*first, *left.values()], shown_elsewhere))


def _exchange(row: Row, fetched: Sequence[Card], places: int, shown_elsewhere: Sequence[str]) -> None:
    ranked = list(distinct([*fetched, *row.cards], shown_elsewhere))[:places]
    if any(card in fetched for card in ranked):
        row.cards = ranked


def show(row: Row, places: int) -> None:
    """Show the first cards, as many as there are places."""
    for place, card in enumerate(row.cards):
        card.hidden = place >= places
