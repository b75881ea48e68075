"""What the store knows of the keys that other systems use: SKUs, order names, hashes of e-mails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from app.adapters.db.engine import Database
from app.adapters.db.retention import term
from app.core.ids import OrderId, ProductId, ShopId, VariantId
from app.core.profiles.consent import OwnSwitches
from app.ports.sources import KnownCustomers

PROFILE = text("SELECT currency, timezone FROM shop_profiles")
LARGEST = 2**63 - 1
# A number may be a product's or a variant's; one that is a SKU as well is meant as a SKU, which people write.
ITEMS = text("""
    SELECT DISTINCT ON (name) name, product_id, variant_id FROM (
        SELECT sku AS name, product_id, id AS variant_id, 1 AS rank FROM variants WHERE sku = ANY(:names)
        UNION ALL
        SELECT cast(id AS text), product_id, id, 2 FROM variants WHERE id = ANY(:numbers)
        UNION ALL
        SELECT cast(id AS text), id, NULL, 3 FROM products WHERE id = ANY(:numbers)
    ) found ORDER BY name, rank, variant_id
""")
PAIRS = text("SELECT id FROM products WHERE id = ANY(:numbers)")
ORDERS = text("SELECT id, name FROM orders WHERE id = ANY(:numbers) OR name = ANY(:names)")
OWN = """
    SELECT s.personalise, s.remember, s.email FROM shopper_preferences s
    WHERE s.shop_id = {of}.shop_id AND s.kind = 'customer' AND s.who = {of}.id::text
"""
SWITCHES = (
    "bool_and({of}.personalise) AS personalise, bool_and({of}.remember) AS remember, bool_and({of}.email) AS email"
)
# Browsers that several persons share say nothing about one of them.
BROWSERS = """
    SELECT s.personalise, s.remember, s.email FROM profile_members n JOIN shopper_preferences s
        ON s.shop_id = n.shop_id AND s.kind = n.kind
       AND s.who = encode(sha256(convert_to(n.kind || ':' || n.id, 'UTF8')), 'hex')
    WHERE n.shop_id = {of}.shop_id AND n.profile = {of}.profile
      AND n.kind IN ('visitor', 'client') AND n.standing = 'own'
"""
CUSTOMERS = text(f"""
    SELECT encode(c.email_hash, 'hex') AS hash, count(*) AS customers, bool_or(c.opted_out) AS opted_out,
           {SWITCHES.format(of="w")}
    FROM customers c
    LEFT JOIN profile_members p ON p.shop_id = c.shop_id AND p.kind = 'customer' AND p.id = c.id::text
    LEFT JOIN LATERAL (
        SELECT {SWITCHES.format(of="said")}
        FROM ({OWN.format(of="c")} UNION ALL {BROWSERS.format(of="p")}) said
    ) w ON true
    WHERE c.email_hash = ANY(:hashes) GROUP BY 1
""")
GOOGLES = text(f"""
    SELECT p.id, count(c.id) AS customers, coalesce(bool_or(c.opted_out), false) AS opted_out,
           {SWITCHES.format(of="w")}
    FROM profile_members p
    LEFT JOIN profile_members m ON m.shop_id = p.shop_id AND m.profile = p.profile AND m.kind = 'customer'
    LEFT JOIN customers c ON c.shop_id = m.shop_id AND c.id = CASE WHEN m.kind = 'customer' THEN m.id::bigint END
    LEFT JOIN LATERAL (
        SELECT {SWITCHES.format(of="said")}
        FROM ({OWN.format(of="c")} UNION ALL {BROWSERS.format(of="p")}) said
    ) w ON true
    WHERE p.kind = 'ga4' AND p.standing = 'own' AND p.id = ANY(:ids) GROUP BY 1
""")
OBJECTORS = text("""
    SELECT DISTINCT m.id FROM profile_members m
    JOIN profile_members c ON c.shop_id = m.shop_id AND c.profile = m.profile AND c.kind = 'customer'
    WHERE m.kind = 'ga4' AND c.id IN (
        SELECT cast(id AS text) FROM customers WHERE opted_out
        UNION ALL SELECT who FROM shopper_preferences WHERE kind = 'customer' AND personalise IS false)
""")


class DbStoreKeys:
    """Implements `app.ports.StoreKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def currency(self, shop: ShopId) -> str:
        """Empty while it is not known."""
        return self._profile(shop)[0]

    def timezone(self, shop: ShopId) -> str:
        return self._profile(shop)[1]

    def oldest(self, shop: ShopId, *, now: datetime) -> datetime:
        """From when on behaviour is kept."""
        with self._database.shop(shop) as session:
            return now - timedelta(days=term(session))

    def products(self, shop: ShopId, items: Iterable[str]) -> Mapping[str, tuple[ProductId, VariantId | None]]:
        """What the items are: a SKU, the number of a product or variant, or ``product:variant``."""
        wanted = set(items)
        pairs = {item: _pair(item) for item in wanted if ":" in item}
        known = {item: pair for item, pair in pairs.items() if pair is not None}
        plain = [item for item in wanted if item not in known]
        numbers = [int(item) for item in plain if _is_number(item)]
        with self._database.shop(shop) as session:
            rows = session.execute(ITEMS, {"names": plain, "numbers": numbers}).all() if plain else []
            products = [pair[0] for pair in known.values()]
            there = set(session.execute(PAIRS, {"numbers": products}).scalars()) if products else set()
        found = {row.name: (ProductId(row.product_id), _variant(row.variant_id)) for row in rows}
        return found | {item: pair for item, pair in known.items() if pair[0] in there}

    def orders(self, shop: ShopId, names: Iterable[str]) -> Mapping[str, OrderId]:
        """Orders by their number or their name, with or without #."""
        wanted = {name: name.removeprefix("#") for name in names}
        if not wanted:
            return {}
        numbers = [int(bare) for bare in wanted.values() if _is_number(bare)]
        written = [form for bare in wanted.values() for form in (bare, f"#{bare}")]
        with self._database.shop(shop) as session:
            rows = session.execute(ORDERS, {"numbers": numbers, "names": written}).all()
        by_name = {row.name.removeprefix("#"): OrderId(row.id) for row in rows if row.name}
        by_number = {str(row.id): OrderId(row.id) for row in rows}
        found = {name: by_number.get(bare) or by_name.get(bare) for name, bare in wanted.items()}
        return {name: order for name, order in found.items() if order is not None}

    def customers(self, shop: ShopId, hashes: Iterable[str]) -> Mapping[str, KnownCustomers]:
        """By the keyed hash of their e-mail; each with the strictest of what they and their browsers have set."""
        wanted = [bytes.fromhex(one) for one in set(hashes)]
        if not wanted:
            return {}
        with self._database.shop(shop) as session:
            rows = session.execute(CUSTOMERS, {"hashes": wanted}).all()
        return {row.hash: _known(row) for row in rows}

    def browsers(self, shop: ShopId, ids: Iterable[str]) -> Mapping[str, KnownCustomers]:
        """The persons behind Google's ids of browsers, as far as a profile knows them."""
        with self._database.shop(shop) as session:
            return {row.id: _known(row) for row in session.execute(GOOGLES, {"ids": sorted(set(ids))})}

    def objectors_of_google(self, shop: ShopId) -> frozenset[str]:
        """Google's ids of browsers of customers who opted out, or switched it off."""
        with self._database.shop(shop) as session:
            return frozenset(session.execute(OBJECTORS).scalars())

    def _profile(self, shop: ShopId) -> tuple[str, str]:
        with self._database.shop(shop) as session:
            row = session.execute(PROFILE).first()
        return (row.currency or "", row.timezone or "") if row else ("", "")


def _known(row: Row[Any]) -> KnownCustomers:
    switches = OwnSwitches(row.personalise, row.remember, row.email)
    return KnownCustomers(row.customers, bool(row.opted_out), switches)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= LARGEST


def _pair(item: str) -> tuple[ProductId, VariantId] | None:
    product, _, variant = item.partition(":")
    if not (_is_number(product) and _is_number(variant)):
        return None
    return ProductId(int(product)), VariantId(int(variant))


def _variant(number: int | None) -> VariantId | None:
    return None if number is None else VariantId(number)
