"""The blog of a world: an article on the care of each kind of product, made of its name alone.

Nothing is drawn, so a world without a blog and the same world with one hold the same shoppers and orders.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from devstore.model import Article, Product
from devstore.worlds import ids
from devstore.worlds.text import Handles

BLOG = "care"
MOST = 60
_ADVICE = (
    "Keep it dry and out of the sun, clean it with a soft cloth, and look it over once a year.",
    "Wash it by hand in lukewarm water, let it dry in the air, and oil or brush it when it looks dull.",
    "Read the label first, store it closed and cool, and use it up within a season.",
)


def care_articles(products: list[Product], now: datetime) -> list[Article]:
    """An article for each product type, in the order of the catalogue; the last of them is a draft."""
    kinds = list(dict.fromkeys(one.product_type for one in products if one.product_type and not one.is_gift_card))
    handles, made = Handles(), list[Article]()
    for number, kind in enumerate(kinds[:MOST], start=1):
        title, text = f"How to look after your {kind}", _ADVICE[number % len(_ADVICE)]
        at = now - timedelta(days=30 + number)
        is_draft = number == len(kinds) > 1
        article = Article(ids.ARTICLE + number, handles.give(title), title, BLOG, f"<p>{text}</p>", at, at)
        article.published_at = None if is_draft else at
        made.append(article)
    return made
