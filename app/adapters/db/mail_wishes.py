"""What customers have said of mails, under any of their names, as parts of a query that knows whom it is about.

Whoever switches mails or personal choice off in a browser has said so as a browser; the profile says whose it is. The
query brings a table ``asked`` with ``shop_id`` and ``customer_id``, joins it as ``t``, and the customers as ``c``.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row

from app.adapters.db.told_customers import WISHES
from app.core.profiles.consent import OwnSwitches, ShopperConsent

_OF: Final = " AND n.profile IN (SELECT profile FROM theirs)"
WISHES_OF_ASKED: Final = f"""theirs AS (
        SELECT id::bigint AS customer, profile FROM profile_members
        WHERE kind = 'customer' AND id IN (SELECT customer_id::text FROM asked)
    ), wishes AS ({WISHES.format(of=_OF)})"""
WISHING: Final = """
    LEFT JOIN theirs r ON r.customer = t.customer_id LEFT JOIN wishes w ON w.profile = r.profile
    LEFT JOIN shopper_preferences p ON p.shop_id = t.shop_id AND p.kind = 'customer' AND p.who = t.customer_id::text"""
WISHED: Final = """c.email_marketing,
           c.id IS NULL OR c.opted_out OR coalesce(w.opted_out, false) OR EXISTS (
               SELECT FROM tombstones b WHERE b.shop_id = t.shop_id AND b.customer_id = t.customer_id) AS opted_out,
           coalesce(p.personalise, true) AND coalesce(w.personalise, true) AS personalise,
           coalesce(p.email, true) AND coalesce(w.email, true) AS wants_mail"""


def wish_of(row: Row[Any]) -> ShopperConsent:
    """The wishes of a row with the columns of `WISHED`."""
    own = OwnSwitches(personalise=None if row.personalise else False, email=None if row.wants_mail else False)
    return ShopperConsent(email_marketing=row.email_marketing or None, opted_out=row.opted_out, own=own)
