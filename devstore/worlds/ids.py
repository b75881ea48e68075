"""Shopify-like ids: thirteen digits, counted up from a base that differs for each type of record.

Distinct bases make a mistaken join (an order's id used as a product's) find nothing instead of the wrong row. Order
lines, refunds and refund lines have bases of their own as well.
"""

from __future__ import annotations

from itertools import count

ARTICLE = 1_310_000_000_000
BLOG = 1_210_000_000_001
COLLECTION = 2_610_000_000_000
LOCATION = 3_110_000_000_000
VARIANT = 4_230_000_000_000
INVENTORY_ITEM = 5_340_000_000_000
ORDER = 6_450_000_000_000
CUSTOMER = 7_560_000_000_000
PRODUCT = 8_670_000_000_000
LINE = 9_120_000_000_000
REFUND = 9_430_000_000_000
REFUND_LINE = 9_740_000_000_000

FIRST_ORDER_NUMBER = 1001


class Ids:
    """Counters for the records whose number is not known before they are made."""

    def __init__(self) -> None:
        self.variants = count(VARIANT + 1)
        self.inventory_items = count(INVENTORY_ITEM + 1)
        self.lines = count(LINE + 1)
        self.refunds = count(REFUND + 1)
        self.refund_lines = count(REFUND_LINE + 1)
