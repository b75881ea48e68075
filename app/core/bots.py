"""Programs that say in their user agent that they are no people; what they do is nobody's taste.

Only what a program says of itself counts. One that pretends to be a browser is found by its behaviour, which is not
decided here; neither is a headless browser a bot by that alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST_LOOKED_AT: Final = 512

# "bot" ends a word in nearly every crawler's name; Cubot makes telephones.
# https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers
_DECLARED: Final = re.compile(
    r"(?<!\bcu)bot(?![a-z])|\bbot|crawl|spider|slurp|scrap(?:er|y)|\barchiver|mediapartners-google|adsbot|"
    r"facebookexternalhit|facebookcatalog|google-(?:inspectiontool|read-aloud)|feedfetcher|bingpreview|"
    r"chrome-lighthouse|gtmetrix|pingdom|uptime|statuscake|"
    r"^(?:curl|wget|python-urllib|go-http-client|java|libwww-perl|okhttp)/",
    re.IGNORECASE,
)


def is_declared_bot(user_agent: str) -> bool:
    """Whether the user agent is that of a crawler, a preview or a monitor, by its own words."""
    return _judged(user_agent[:LONGEST_LOOKED_AT])


@lru_cache(maxsize=4096)
def _judged(user_agent: str) -> bool:
    return _DECLARED.search(user_agent) is not None
