"""What shoppers have set for themselves and what they allow, with its history, for good.

A customer stands here by Shopify's number, a browser by the digest of its random id: whoever asks with the id finds its
settings, and nobody else learns whose they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.adapters.db.lake import digest
from app.core.ids import ClientId, ProductId, ShopId
from app.core.profiles.preferences import SWITCHES, Changed, Preferences, from_row, together
from app.jobs import PUSH_OBJECTIONS_DUE
from app.ports import ConsentEntry, KeptPreferences, ShopperNames

CLIENTS = text("SELECT client FROM visitor_clients WHERE visitor = :visitor")
NAMED = "(kind, who) IN (SELECT * FROM unnest(cast(:kinds AS text[]), cast(:whos AS text[])))"
OF = text(f"SELECT personalise, remember, email, hidden FROM shopper_preferences WHERE {NAMED}")
EVERYBODY = text("SELECT kind, who, personalise, remember, email, hidden FROM shopper_preferences ORDER BY kind, who")
SAVE = text("""
    INSERT INTO shopper_preferences (shop_id, kind, who, personalise, remember, email, hidden, changed_at)
    SELECT :shop, kind, who, :personalise, :remember, :email, cast(:hidden AS jsonb), :at
    FROM unnest(cast(:kinds AS text[]), cast(:whos AS text[])) AS named (kind, who)
    ON CONFLICT (shop_id, kind, who) DO UPDATE SET personalise = excluded.personalise, remember = excluded.remember,
        email = excluded.email, hidden = excluded.hidden, changed_at = excluded.changed_at
""")
NOTE = text("""
    INSERT INTO consent_changes (shop_id, at, kind, who, what, was, became, source)
    VALUES (:shop, :at, :kind, :who, :what, :was, :became, :source)
""")
# Where something stands in a Klaviyo profile of theirs, under whichever name they speak.
CHANGED_MIND = text("""
    INSERT INTO due_work (shop_id, kind, id, due_at)
    SELECT p.shop_id, :due, p.customer_id || '/' || gen_random_uuid(), clock_timestamp() FROM klaviyo_pushes p
    WHERE p.customer_id::text = :customer OR p.customer_id IN (
        SELECT c.id::bigint FROM profile_members b
        JOIN profile_members c ON c.shop_id = b.shop_id AND c.profile = b.profile AND c.kind = 'customer'
        WHERE b.standing = 'own'
          AND (b.kind = 'visitor' AND b.id = :visitor OR b.kind = 'client' AND b.id = ANY(:clients)))
""")
PRODUCTS = text("SELECT id FROM products WHERE product_type = ANY(:kinds) ORDER BY id LIMIT :most")
HISTORY = text("""
    SELECT at, kind, who, what, was, became, source FROM consent_changes ORDER BY at DESC, id DESC LIMIT :most
""")
OF_SHOPPER = text(f"""
    SELECT at, kind, who, what, was, became, source FROM consent_changes
    WHERE {NAMED} ORDER BY at DESC, id DESC LIMIT :most
""")
MOST_HIDDEN = 2000
"""Products of hidden kinds; more would make each question of the storefront longer than it may be."""


class DbShopperConsents:
    """Implements `app.ports.ShopperConsents`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def named(self, shop: ShopId, names: ShopperNames) -> ShopperNames:
        """The same names, with the pixel's ids of the visitor's browser."""
        if names.visitor is None:
            return names
        with self._database.shop(shop) as session:
            clients = session.execute(CLIENTS, {"visitor": names.visitor}).scalars()
            return replace(names, clients=tuple(ClientId(one) for one in clients))

    def of(self, shop: ShopId, names: ShopperNames) -> Preferences:
        """What stands under any of the names."""
        with self._database.shop(shop) as session:
            return together(from_row(row) for row in session.execute(OF, _named(names)))

    def save(
        self,
        shop: ShopId,
        names: ShopperNames,
        preferences: Preferences,
        changes: Sequence[Changed],
        *,
        source: str,
        at: datetime,
    ) -> Sequence[KeptPreferences]:
        """Write the settings under each name, and each change once into the history, in one transaction."""
        switches, (kind, who) = preferences.switches, _pairs(names)[0]
        values = {
            "personalise": switches.personalise,
            "remember": switches.remember,
            "email": switches.email,
            "hidden": orjson.dumps(preferences.hidden).decode(),
        }
        with self._database.shop(shop) as session:
            session.execute(SAVE, {"shop": shop, "at": at, **values, **_named(names)})
            for change in changes:
                said = {"what": change.what, "was": change.was, "became": change.became, "source": source}
                session.execute(NOTE, {"shop": shop, "at": at, "kind": kind, "who": who, **said})
            if any(change.what in SWITCHES for change in changes):
                session.execute(CHANGED_MIND, {"shop": shop, "due": PUSH_OBJECTIONS_DUE, **_spoken(names)})
            resolved = _resolved(session, preferences)
        return [KeptPreferences(kind, who, resolved) for kind, who in _pairs(names)]

    def kept(self, shop: ShopId) -> Iterator[KeptPreferences]:
        """Everybody's settings, for the copy in Redis."""
        with self._database.shop(shop) as session:
            rows = session.execute(EVERYBODY).all()
            for row in rows:
                yield KeptPreferences(row.kind, row.who, _resolved(session, from_row(row)))

    def history(self, shop: ShopId, names: ShopperNames | None = None, *, limit: int) -> Sequence[ConsentEntry]:
        """The last changes, of one shopper or of all, newest first."""
        with self._database.shop(shop) as session:
            return [_entry(row) for row in _found(session, names, limit)]


def _resolved(session: Session, preferences: Preferences) -> Preferences:
    """With the products of the hidden kinds among the hidden products."""
    if not preferences.kinds:
        return preferences
    found = session.execute(PRODUCTS, {"kinds": list(preferences.kinds), "most": MOST_HIDDEN}).scalars()
    return replace(preferences, products=tuple(dict.fromkeys([*preferences.products, *map(ProductId, found)])))


def _found(session: Session, names: ShopperNames | None, limit: int) -> Sequence[Row[Any]]:
    if names is None:
        return session.execute(HISTORY, {"most": limit}).all()
    return session.execute(OF_SHOPPER, {**_named(names), "most": limit}).all()


def _entry(row: Row[Any]) -> ConsentEntry:
    return ConsentEntry(row.at, row.kind, row.who, row.what, row.was, row.became, row.source)


def _pairs(names: ShopperNames) -> list[tuple[str, str]]:
    """Kind and name of each; the one who is signed in comes first."""
    found = [("customer", str(names.customer))] if names.customer else []
    found += [("visitor", digest("visitor", names.visitor))] if names.visitor else []
    return found + [("client", digest("client", client)) for client in names.clients]


def _spoken(names: ShopperNames) -> dict[str, Any]:
    customer = str(names.customer) if names.customer else ""
    return {"customer": customer, "visitor": names.visitor or "", "clients": list(names.clients)}


def _named(names: ShopperNames) -> dict[str, list[str]]:
    pairs = _pairs(names)
    return {"kinds": [kind for kind, _ in pairs], "whos": [who for _, who in pairs]}
