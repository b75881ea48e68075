"""An answer as Liquid, which Shopify renders in the theme: price, currency, market and pictures stay the shop's own.

Of all that a merchant writes only handles get into the Liquid, and only those made of letters, digits, dashes and
underscores, whatever the language: nothing among them can end a Liquid string or begin a tag. Titles are read and
escaped by Liquid itself. A sentence comes with a card only where the extension cannot say it: when something was
bought. The markup is that of the extension's ``card.liquid`` and the strings those of its locales; tests hold them
together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.core.experiments.types import Show
from app.core.recommend.sentences import language_of
from app.services.serve_recommendations import Answer, Item

MOST_HANDLES = 20
"""As many as Shopify finds through ``all_products`` in one page.

https://shopify.dev/docs/api/liquid/objects/all_products
"""
LONGEST_HANDLE = 255
EMPTY = b"{% layout none %}"
"""A body without anything would be rendered inside the theme's layout."""
STRINGS: Mapping[str, Mapping[str, str]] = {
    "en": {"from_html": "From {{ price }}", "regular_price": "Regular price", "sale_price": "Sale price"},
    "de": {"from_html": "Ab {{ price }}", "regular_price": "Normaler Preis", "sale_price": "Verkaufspreis"},
    "fr": {"from_html": "À partir de {{ price }}", "regular_price": "Prix habituel", "sale_price": "Prix soldé"},
    "es": {"from_html": "Desde {{ price }}", "regular_price": "Precio habitual", "sale_price": "Precio de oferta"},
}
"""What the cards say in each language of the extension; reasons are given in the same ones (`sentences`)."""


Row = tuple[str, str, str, str]
"""Handle, position and reason code of a card, and the sentence that says it where there are times in it."""


def rail_liquid(answer: Answer, parameters: Mapping[str, str]) -> bytes:
    """The cards of the answer as a Liquid template; `parameters` are the question's, of which `locale` counts here."""
    rows = [row for row in _rows(answer) if is_plain(row[0])][:MOST_HANDLES]
    head = EMPTY.decode() + _told(answer)
    if not rows:
        return head.encode()
    text = _TEMPLATES[language_of(parameters.get("locale", ""))]
    return (head + _filled(text, _values(answer, rows))).encode()


def is_plain(handle: str) -> bool:
    """Whether the handle may stand inside a Liquid string and an attribute: letters, their marks, digits, - and _."""
    return 0 < len(handle) <= LONGEST_HANDLE and all(_is_plain_character(character) for character in handle)


def _is_plain_character(character: str) -> bool:
    return character in "-_" or character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


def _told(answer: Answer) -> str:
    """What the element must know beside the cards, and where there are none, so that what is then in view counts as it
    does in a control; the request's id is made of letters, digits, dashes, underscores.
    """
    told = f'data-request="{answer.request_id}" data-show="{answer.show}"{" data-stale" if answer.stale else ""}'
    return f"<template data-attune-answer {told}></template>"


def _rows(answer: Answer) -> list[Row]:
    """What the cards are made of; Shopify's own recommendations, and what stands unseen, have no reason of ours."""
    if answer.show is not Show.OURS:
        handles = answer.native or [item.handle for item in answer.reserved]
        return [(handle, str(place), "", "") for place, handle in enumerate(handles)]
    return [
        (item.handle, str(place), item.candidate.reason.code, _times(item)) for place, item in enumerate(answer.items)
    ]


def _times(item: Item) -> str:
    """Made of our own words and numbers (`sentences.AgainWords`); no title is in it."""
    return item.reason_text if item.candidate.reason.again is not None else ""


def _values(answer: Answer, rows: Iterable[Row]) -> Mapping[str, str]:
    """Positions are those of the answer, which its record holds too, whatever Liquid leaves out."""
    columns = list(zip(*rows, strict=True))
    handles, positions, reasons = (",".join(column) for column in columns[:3])
    whys = "|".join(columns[3]).rstrip("|")
    return {
        "handles": handles,
        "positions": positions,
        "reasons": reasons,
        "whys": whys,
        "request": answer.request_id,
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"[{name}]", value)
    return text


_SOURCE = (Path(__file__).parent / "liquid" / "rail.liquid").read_text(encoding="utf-8").removeprefix(EMPTY.decode())
_TEMPLATES = {language: _filled(_SOURCE, strings) for language, strings in STRINGS.items()}
