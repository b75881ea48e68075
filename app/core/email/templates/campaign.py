"""A template for the merchant's own campaigns: each reader's cohort is looked up in a feed that is the same for all.

A campaign has no event that could bring products, and Klaviyo fetches a feed once for all its readers. The cohort
stands in the profile's facts; whoever has none gets the best sellers.
"""

from __future__ import annotations

from typing import Final

from app.core.email.look import Look
from app.core.email.names import FACTS
from app.core.email.templates import grid
from app.core.email.templates.frame import framed, framed_text
from app.core.email.templates.mail import Template, paragraph

KEY: Final = "campaign"
NAME: Final = "Attune: Campaign with each reader's products"
# A filter's argument that isn't there breaks the whole mail, so the facts are looked up by filters, too.
COHORT: Final = f"{{% with cohort=person|lookup:'{FACTS}'|lookup:'cohort' %}}"
LOOKED_UP: Final = COHORT + "{% with picks=feeds.attune_cohorts|lookup:cohort %}"
ENDED: Final = "{% endwith %}{% endwith %}"
WORDS: Final = "Write here what your campaign is about."
HEADING: Final = "Picked for you"
MOST: Final = 8
MARKER: Final = f"<!-- attune {KEY} -->\n"


def campaign(look: Look) -> Template:
    html = f"{MARKER}{paragraph(WORDS)}{LOOKED_UP}{grid.grid(HEADING, 'picks', MOST)}{ENDED}"
    text = f"{WORDS}\n\n{LOOKED_UP}{grid.plain(HEADING, 'picks', MOST)}{ENDED}"
    return Template(KEY, NAME, framed("News", "", html, look), framed_text(text))
