"""Who is told of elsewhere: every customer with what is known of their profile, and what stands in Shopify already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.core.ids import CustomerId, ShopId
from app.core.profiles.consent import OwnSwitches, ShopperConsent
from app.core.segments.rfm import Cuts
from app.jobs import UNTELL_DUE
from app.ports.outlets import Tellable

BATCH: Final = 5000
LONGEST: Final = 500

WISHES: Final = """
    SELECT n.profile, coalesce(bool_or(c.opted_out), false) OR coalesce(bool_or(t.customer_id IS NOT NULL), false)
               AS opted_out,
           coalesce(max(c.email_marketing) FILTER (WHERE c.email_marketing = 'SUBSCRIBED'), max(c.email_marketing))
               AS email_marketing,
           bool_and(s.personalise) AS personalise, bool_and(s.email) AS email, bool_and(b.marketing) AS marketing
    FROM profile_members n
    LEFT JOIN customers c ON c.shop_id = n.shop_id AND n.kind = 'customer' AND c.id::text = n.id
    LEFT JOIN tombstones t ON t.shop_id = n.shop_id AND n.kind = 'customer' AND t.customer_id::text = n.id
    LEFT JOIN shopper_preferences s ON s.shop_id = n.shop_id AND s.kind = n.kind AND s.who = CASE n.kind
        WHEN 'customer' THEN n.id ELSE encode(sha256(convert_to(n.kind || ':' || n.id, 'UTF8')), 'hex') END
    LEFT JOIN browser_consents b ON b.shop_id = n.shop_id AND b.kind = n.kind
        AND b.who = encode(sha256(convert_to(n.kind || ':' || n.id, 'UTF8')), 'hex')
    WHERE (n.kind = 'customer' OR n.kind IN ('visitor', 'client', 'email', 'klaviyo') AND n.standing = 'own'){of}
    GROUP BY n.profile
"""
"""By profile, what its names have said: a no of one of them is a no, and so is one that was erased."""
EVERYBODY: Final = text(f"""
    WITH wishes AS ({WISHES.format(of="")}), members AS (
        SELECT m.profile, array_agg(m.segment_id ORDER BY m.segment_id) AS segments,
               array_agg(g.key ORDER BY m.segment_id) AS keys
        FROM segment_members m JOIN segments g ON g.shop_id = m.shop_id AND g.id = m.segment_id GROUP BY 1
    ), bought AS (
        SELECT p.profile, count(*) AS orders, max(floor(extract(epoch FROM o.created_at)))::bigint AS last_s,
               sum(greatest(o.total - o.refunded, 0))::bigint AS net
        FROM orders o JOIN profile_members p
          ON p.shop_id = o.shop_id AND p.kind = 'customer' AND p.id = o.customer_id::text
        WHERE {USABLE} GROUP BY 1
    ), kinds AS (
        SELECT DISTINCT ON (p.profile) p.profile, g.product_type AS favourite
        FROM orders o
        JOIN profile_members p ON p.shop_id = o.shop_id AND p.kind = 'customer' AND p.id = o.customer_id::text
        JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id AND l.current_quantity > 0
        JOIN products g ON g.shop_id = l.shop_id AND g.id = l.product_id
        WHERE {USABLE} AND g.product_type <> ''
        GROUP BY p.profile, g.product_type
        ORDER BY p.profile, count(DISTINCT o.id) DESC, max(o.created_at) DESC, g.product_type
    )
    SELECT c.id, c.contact IS NOT NULL AND c.email_hash IS NOT NULL AS has_email,
           c.opted_out OR coalesce(w.opted_out, false) OR EXISTS (
               SELECT FROM tombstones t WHERE t.shop_id = c.shop_id AND t.customer_id = c.id) AS opted_out,
           c.email_marketing, w.personalise, w.marketing,
           coalesce(m.segments, '{{}}') AS segments, coalesce(m.keys, '{{}}') AS keys,
           coalesce(b.orders, 0) AS orders, b.last_s, coalesce(b.net, 0) AS net, d.digest,
           coalesce(k.favourite, '') AS favourite
    FROM customers c
    LEFT JOIN profile_members p ON p.shop_id = c.shop_id AND p.kind = 'customer' AND p.id = c.id::text
    LEFT JOIN wishes w ON w.profile = p.profile
    LEFT JOIN members m ON m.profile = p.profile
    LEFT JOIN bought b ON b.profile = p.profile
    LEFT JOIN kinds k ON k.profile = p.profile
    LEFT JOIN told_customers d ON d.shop_id = c.shop_id AND d.customer_id = c.id
    ORDER BY c.id
""")
RECORD: Final = text("""
    INSERT INTO told_customers (shop_id, customer_id, digest, at, complaint)
    SELECT :shop, unnest(cast(:customers AS bigint[])), unnest(cast(:digests AS text[])), :at, ''
    ON CONFLICT (shop_id, customer_id)
    DO UPDATE SET digest = excluded.digest, at = excluded.at, complaint = ''
""")
COMPLAIN: Final = text("""
    UPDATE told_customers t SET complaint = g.complaint, at = :at
    FROM unnest(cast(:customers AS bigint[]), cast(:complaints AS text[])) AS g (id, complaint)
    WHERE t.customer_id = g.id
""")
REMOVE: Final = text("DELETE FROM told_customers WHERE customer_id = ANY(:customers)")
WITHDRAW: Final = text("""
    WITH gone AS (DELETE FROM told_customers WHERE customer_id = ANY(:customers) RETURNING shop_id, customer_id)
    INSERT INTO due_work (shop_id, kind, id, due_at)
    SELECT shop_id, :kind, customer_id::text, now() FROM gone ON CONFLICT DO NOTHING
""")
STRANGERS: Final = text("""
    SELECT t.customer_id, t.digest FROM told_customers t
    WHERE NOT EXISTS (SELECT FROM customers c WHERE c.shop_id = t.shop_id AND c.id = t.customer_id)
    ORDER BY t.customer_id
""")
TOLD: Final = text("SELECT count(*) AS told, count(*) FILTER (WHERE complaint <> '') AS refused FROM told_customers")
CUTS: Final = text("SELECT cuts FROM segment_scales")


class DbTellables:
    """Implements `app.ports.outlets.Tellables`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def everybody(self, shop: ShopId) -> Iterator[Tellable]:
        with self._database.shop(shop) as session:
            for row in session.execute(EVERYBODY, execution_options={"yield_per": BATCH}):
                yield _tellable(row)

    def cuts(self, shop: ShopId) -> Cuts:
        with self._database.shop(shop) as session:
            return cuts_of(session.execute(CUTS).scalar())

    def record(self, shop: ShopId, digests: Mapping[CustomerId, str], *, at: datetime) -> None:
        values = {"customers": list(digests), "digests": list(digests.values())}
        with self._database.shop(shop) as session:
            session.execute(RECORD, {"shop": shop, "at": at, **values})

    def complain(self, shop: ShopId, complaints: Mapping[CustomerId, str], *, at: datetime) -> None:
        said = [complaint[:LONGEST] for complaint in complaints.values()]
        with self._database.shop(shop) as session:
            session.execute(COMPLAIN, {"at": at, "customers": list(complaints), "complaints": said})

    def remove(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        with self._database.shop(shop) as session:
            session.execute(REMOVE, {"customers": list(customers)})

    def withdraw(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        with self._database.shop(shop) as session:
            session.execute(WITHDRAW, {"customers": list(customers), "kind": UNTELL_DUE})

    def strangers(self, shop: ShopId) -> Sequence[tuple[CustomerId, str]]:
        with self._database.shop(shop) as session:
            return [(CustomerId(row.customer_id), row.digest) for row in session.execute(STRANGERS)]

    def told(self, shop: ShopId) -> tuple[int, int]:
        with self._database.shop(shop) as session:
            row = session.execute(TOLD).one()
            return row.told, row.refused


def cuts_of(kept: Mapping[str, Sequence[int]] | None) -> Cuts:
    """The cuts as `segment_scales` has them; none before the first count."""
    return Cuts(**{name: tuple(values) for name, values in kept.items()}) if kept else Cuts()


def consent_of(row: Row[Any]) -> ShopperConsent:
    """The wishes of a row with the columns of `WISHES`."""
    return ShopperConsent(
        marketing=row.marketing,
        email_marketing=row.email_marketing or None,
        opted_out=row.opted_out,
        own=OwnSwitches(personalise=row.personalise),
    )


def _tellable(row: Row[Any]) -> Tellable:
    segments = list(zip(row.segments, row.keys, strict=True))
    return Tellable(
        CustomerId(row.id), consent_of(row), segments, row.orders, row.last_s, row.net, row.has_email, row.digest,
        row.favourite,
    )  # fmt: skip
