"""A large shop for `attune bench segments`: customers, orders and profiles by set-based SQL, the lake by DuckDB.

Everything is a function of a row's number, so the same size is the same shop. A third of the events are of browsers
that nobody stands behind; one in a hundred was delivered twice; files lie by day, as the nightly upkeep leaves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import duckdb
import psycopg
import pyarrow as pa

from app.adapters.lake.files import LakeFiles
from app.adapters.lake.schema import ENGAGEMENT, EVENTS
from app.core.ids import ShopId

NOW: Final = datetime(2026, 6, 15, 3, tzinfo=UTC)
DAYS: Final = 365
PRODUCTS, COLLECTIONS = 2000, 20
EVENTS_A_CUSTOMER: Final = 40
MAILS: Final = 0.1
"""Of all events those that are about e-mails."""

STORE: Final = (
    """INSERT INTO products (shop_id, id, handle, title, vendor, product_type, status, published, is_gift_card,
                             image_url)
       SELECT {shop}, n, 'p-' || n, 'Product ' || n, 'Vendor ' || n % 7, 'Type ' || n % 15, 'ACTIVE', true, false, ''
       FROM generate_series(1, {products}) n""",
    """INSERT INTO variants (shop_id, id, product_id, title, sku, price, quantity, tracked, oversell, position)
       SELECT {shop}, n, n, '', '', 500 + abs(hashint8(n)::bigint) % 20000, 5, true, false, 1
       FROM generate_series(1, {products}) n""",
    """INSERT INTO collections (shop_id, id, handle, title)
       SELECT {shop}, n, 'c-' || n, 'Collection ' || n FROM generate_series(1, {collections}) n""",
    """INSERT INTO collection_products (shop_id, collection_id, product_id)
       SELECT {shop}, 1 + n % {collections}, n FROM generate_series(1, {products}) n""",
    """INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out, tags)
       SELECT {shop}, n, 0, 0, CASE WHEN n % 3 = 0 THEN 'SUBSCRIBED' ELSE 'NOT_SUBSCRIBED' END, n % 200 = 0,
              CASE WHEN n % 40 = 0 THEN ARRAY['VIP'] ELSE '{{}}' END
       FROM generate_series(1, {customers}) n""",
    """INSERT INTO orders (shop_id, id, name, customer_id, currency, total, discounts, refunded, source_name, test,
                           created_at, updated_at)
       SELECT {shop}, n, '',
              1 + (abs(hashint8extended(n, 1)) % {customers} * (abs(hashint8extended(n, 9)) % 1000)) / 1000,
              'EUR', 1000 + abs(hashint8extended(n, 2)) % 20000,
              CASE WHEN hashint8extended(n, 3) % 4 = 0 THEN 100 ELSE 0 END, 0, 'web', false, at, at
       FROM generate_series(1, 2 * {customers}) n, LATERAL (
           SELECT timestamptz '{now}' - make_interval(secs => abs(hashint8extended(n, 4)) % (730 * 86400)) AS at) x""",
    """INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, discount)
       SELECT {shop}, 2 * n + k, n, 1 + abs(hashint8extended(2 * n + k, 5)) % {products}, 1, 1,
              500 + abs(hashint8extended(n, 6)) % 20000, 0
       FROM generate_series(1, 2 * {customers}) n, generate_series(0, 1) k""",
    """INSERT INTO profile_members (shop_id, kind, id, profile, standing)
       SELECT {shop}, kind, id, 'p' || md5('profile ' || n), 'own'
       FROM generate_series(1, {customers}) n, LATERAL (VALUES
           ('customer', n::text), ('visitor', md5('visitor ' || n)), ('email', md5('email ' || n))) names (kind, id)""",
)
BEHAVIOUR: Final = """
    SELECT md5('event ' || i) AS event_id,
           list_extract(['exposure', 'exposure', 'exposure', 'exposure', 'product_view', 'product_view', 'product_view',
                         'page_view', 'click', 'add_to_cart', 'search', 'checkout_started'], 1 + (hash(i, 1) % 12)::INT)
               AS type,
           $day + to_microseconds((hash(i, 2) % 86400000000)::BIGINT) AS at,
           md5('visitor ' || 1 + hash(i, 3) % $visitors) AS visitor, true AS consent_analytics,
           (1 + hash(i, 4) % $products)::BIGINT AS product_id
    FROM range($first, $last) r (i)
"""
ABOUT_MAILS: Final = """
    SELECT md5('mail ' || i) AS event_id,
           list_extract(['received', 'received', 'opened', 'clicked'], 1 + (hash(i, 1) % 4)::INT) AS type,
           $day + to_microseconds((hash(i, 2) % 86400000000)::BIGINT) AS at,
           md5('email ' || 1 + hash(i, 3) % $visitors) AS email_hash
    FROM range($first, $last) r (i)
"""


@dataclass(frozen=True, slots=True)
class Size:
    events: int

    @property
    def customers(self) -> int:
        return self.events // EVENTS_A_CUSTOMER


def fill_store(url: str, shop: ShopId, size: Size) -> None:
    """Customers, two orders a customer with two lines each, and the names behind each customer."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.shop', %s, false)", [str(shop)])
        for statement in STORE:
            values = {"shop": int(shop), "products": PRODUCTS, "collections": COLLECTIONS, "customers": size.customers}
            connection.execute(statement.format(now=NOW.isoformat(), **values))
        connection.commit()


def fill_lake(files: LakeFiles, shop: ShopId, size: Size) -> None:
    """The days before `NOW`, one file each of behaviour and of mails."""
    mails = round(size.events * MAILS)
    browsers = size.customers * 3 // 2
    with duckdb.connect(config={"threads": "2"}) as engine:
        for day in range(DAYS):
            for kind, query, schema, number, people in (
                ("events", BEHAVIOUR, EVENTS, size.events - mails, browsers),
                ("engagement", ABOUT_MAILS, ENGAGEMENT, mails, size.customers),
            ):
                first, last = number * day // DAYS, number * (day + 1) // DAYS
                at = NOW.replace(hour=0) - timedelta(days=DAYS - day)
                values = {"day": at.replace(tzinfo=None), "first": first, "last": last, "visitors": people}
                if kind == "events":
                    values["products"] = PRODUCTS
                table = engine.sql(query, params=values).to_arrow_table()
                table = pa.concat_tables([table, table.slice(0, table.num_rows // 100)])
                empty = {name: pa.nulls(table.num_rows, schema.field(name).type) for name in schema.names}
                columns = {**empty, **{name: table[name] for name in table.column_names}}
                whole = pa.table(columns).select(schema.names).cast(schema)
                files.write(f"{files.day_folder(shop, kind, at.date())}/part-0a.parquet", [whole], schema)
