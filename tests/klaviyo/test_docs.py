"""What the merchant's page of the documentation gives her to copy works as it says."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from app.core.email.names import FACTS, PROPERTIES, RECOMMENDATIONS, Arm
from app.core.email.outlook import Outlook
from app.core.email.picked import Picked
from app.core.email.products import MailItem
from app.core.email.properties import Facts, gone_of, properties_of
from app.core.ids import CustomerId, ProductId, RequestId
from app.core.recommend.types import Strategy
from app.core.segments.outlets import Told
from devstore.klaviyo.render import fill
from devstore.klaviyo.template_tags import MailContext
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs/klaviyo.md").read_text()
MAIL = MailContext(lambda _: None, datetime(2026, 11, 24, tzinfo=UTC), "EUR", "https://u", "https://p", "https://w")


def item(number: int) -> dict[str, Any]:
    """A recommendation as it stands in a profile or a feed."""
    title = f"Mug {number}"
    return {"id": str(number), "title": title, "url": f"https://s.example/{number}", "price": "€12.00", "pos": number}


def shown(person: dict[str, Any], **feeds: Any) -> list[str]:
    """What the snippet shows: the titles of products, or the words for the control group."""
    found = re.search(r"```django\n(.*?)```", PAGE, re.DOTALL)
    assert found
    html = fill(found[1], {"person": person, "feeds": feeds}, MAIL)
    return re.findall(r"Mug \d+|Have a look", html)


def test_the_snippet_shows_the_readers_products_or_best_sellers_or_the_merchants_own_words() -> None:
    best = {"items": [item(number) for number in range(10, 20)]}
    recs = [item(number) for number in range(1, 9)]
    assert shown({"attune_recs": recs, "attune_email_arm": "attune"}) == ["Mug 1", "Mug 2", "Mug 3", "Mug 4"]
    assert shown({}, attune_best_sellers=best) == ["Mug 10", "Mug 11", "Mug 12", "Mug 13"]
    assert shown({"attune_recs": recs, "attune_email_arm": "control"}) == ["Have a look"]


def test_the_page_names_all_that_is_ever_written_to_a_profile() -> None:
    everything = MailItem(ProductId(1), "Mug", "https://s.example/1", "https://s.example/1.png", "€1", "Why", "€2")
    picked = Picked(CustomerId(1), RequestId("r"), Strategy.RANKED, (everything,))
    outlook = Outlook("low", date(2026, 12, 1), "discount")
    facts = Facts(Told(("lost",), "lost", "111"), outlook, "Mugs", Arm.ATTUNE, "lost--mugs")
    written = properties_of(picked, facts)
    assert {*written, *gone_of([ProductId(1)])} == set(PROPERTIES)
    for name in (*PROPERTIES, *written[FACTS], *written[RECOMMENDATIONS][0], *Arm):
        assert f"`{name}`" in PAGE
