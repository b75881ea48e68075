"""One writer at a time to each half of a shop's data: the catalogue, and people with their orders.

A sale touches a product, its variants and its stock by several webhooks at once, and each write locks rows of several
tables; without this they would now and then wait for each other in a circle. It also makes an erasure and an import
take turns, so that neither can miss what the other writes.
"""

from __future__ import annotations

from typing import Final

CATALOGUE: Final = "catalogue"
PEOPLE: Final = "people"

ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%(half)s, %(shop)s))"
"""Wait for the other writers of this half; given up at the end of the transaction."""
