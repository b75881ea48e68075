"""What was pushed of each customer: noted before it travels, so that nothing stands in Klaviyo without our knowing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import CustomerId, ProductId, ShopId
from app.ports.push import Push, Pushed, PushState, Refusal

LONGEST: Final = 300
SENT_TO: Final = "klaviyo_pushes.sent_to"
SEALED: Final = "sealed:"
"""What the number of due work begins with where an erasure has left an address sealed (`erasure_rules`)."""
MOST_COMPLAINTS: Final = 10
OF = text("SELECT customer_id, digest, address, state FROM klaviyo_pushes WHERE customer_id = ANY(:customers)")
_NEW = """
    INSERT INTO klaviyo_pushes (shop_id, customer_id, digest, address, sent_to, products, state, job, complaint, at)
    SELECT :shop, customer, digest, address, decode(sent_to, 'hex'), products, '{state}', '', '', :at
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (
        customer bigint, digest text, address text, sent_to text, products bigint[])
    ORDER BY customer
    ON CONFLICT (shop_id, customer_id)
"""
BEGUN = text(f"{_NEW.format(state='done')} DO NOTHING")
SENDING = text(f"""
    {_NEW.format(state="sending")} DO UPDATE SET digest = excluded.digest, address = excluded.address,
        sent_to = excluded.sent_to, products = excluded.products, state = 'sending', job = '', complaint = '',
        at = excluded.at
""")
SENT = text("UPDATE klaviyo_pushes SET state = 'sent', job = :job WHERE customer_id = ANY(:customers)")
REFUSED = text("""
    UPDATE klaviyo_pushes p SET state = 'refused', job = '', complaint = g.complaint, products = '{}'
    FROM unnest(cast(:customers AS bigint[]), cast(:complaints AS text[])) AS g (id, complaint)
    WHERE p.customer_id = g.id
""")
SETTLED = text("UPDATE klaviyo_pushes SET state = 'done', job = '' WHERE job = :job AND state = 'sent'")
JOBS = text("SELECT job FROM klaviyo_pushes WHERE state = 'sent' AND job <> '' GROUP BY job ORDER BY min(at), job")
ADDRESSES = text("SELECT customer_id, sent_to FROM klaviyo_pushes WHERE customer_id = ANY(:customers)")
OF_JOB = text("SELECT customer_id, sent_to FROM klaviyo_pushes WHERE job = :job AND state = 'sent'")
GONE = text("DELETE FROM klaviyo_pushes WHERE customer_id = ANY(:customers)")
ALL = text("SELECT customer_id FROM klaviyo_pushes ORDER BY customer_id")
MOVED = text("""
    SELECT p.customer_id FROM klaviyo_pushes p JOIN customers c ON c.shop_id = p.shop_id AND c.id = p.customer_id
    WHERE p.address <> coalesce(encode(c.email_hash, 'hex'), '') AND p.sent_to IS NOT NULL
      AND NOT EXISTS (SELECT FROM klaviyo_pushes o WHERE o.address = p.address AND o.customer_id <> p.customer_id)
    ORDER BY p.customer_id
""")
STRANGERS = text("""
    SELECT p.customer_id FROM klaviyo_pushes p
    WHERE NOT EXISTS (SELECT FROM customers c WHERE c.shop_id = p.shop_id AND c.id = p.customer_id)
    ORDER BY p.customer_id
""")
PRODUCTS = text("SELECT DISTINCT unnest(products) AS product FROM klaviyo_pushes")
HOLDING = text("""
    SELECT customer_id FROM klaviyo_pushes WHERE products && cast(:products AS bigint[]) ORDER BY customer_id
""")
ENDED = text("""
    INSERT INTO klaviyo_pushing (shop_id, at, sent) VALUES (:shop, :at, :sent)
    ON CONFLICT (shop_id) DO UPDATE SET at = excluded.at, sent = excluded.sent
""")
STATE = text("SELECT at, sent FROM klaviyo_pushing")
COUNTS = text("""
    SELECT count(*) FILTER (WHERE state = 'done') AS standing,
           count(*) FILTER (WHERE state IN ('sending', 'sent')) AS waiting FROM klaviyo_pushes
""")
COMPLAINTS = text("""
    SELECT complaint, count(*) AS customers, (array_agg(customer_id ORDER BY customer_id))[1:5] AS some
    FROM klaviyo_pushes WHERE state = 'refused'
    GROUP BY complaint ORDER BY count(*) DESC, complaint LIMIT :most
""")


class DbKlaviyoPushes:
    """Implements `app.ports.push.Pushes`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def state(self, shop: ShopId) -> PushState:
        with self._database.shop(shop) as session:
            own, counts = session.execute(STATE).one_or_none(), session.execute(COUNTS).one()
            said = session.execute(COMPLAINTS, {"most": MOST_COMPLAINTS})
            refusals = tuple([Refusal(row.complaint, row.customers, tuple(row.some)) for row in said])
        at, sent = own if own is not None else (None, 0)
        return PushState(at, sent, counts.standing, counts.waiting, refusals)

    def of(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, Pushed]:
        with self._database.shop(shop) as session:
            rows = session.execute(OF, {"customers": list(customers)})
            return {CustomerId(row.customer_id): Pushed(row.digest, row.address, row.state) for row in rows}

    def sending(self, shop: ShopId, pushes: Sequence[Push], *, at: datetime) -> None:
        self._put(shop, SENDING, pushes, at)

    def begun(self, shop: ShopId, pushes: Sequence[Push], *, at: datetime) -> None:
        self._put(shop, BEGUN, pushes, at)

    def _put(self, shop: ShopId, statement: Any, pushes: Sequence[Push], at: datetime) -> None:
        rows = [
            {
                "customer": one.customer,
                "digest": one.digest,
                "address": one.address,
                "sent_to": self._sealer.seal(shop, SENT_TO, one.email.encode()).hex(),
                "products": list(one.products),
            }
            for one in pushes
        ]
        self._do(shop, statement, {"shop": shop, "at": at, "rows": orjson.dumps(rows).decode()})

    def sent(self, shop: ShopId, customers: Sequence[CustomerId], job: str) -> None:
        self._do(shop, SENT, {"customers": list(customers), "job": job})

    def refused(self, shop: ShopId, complaints: Mapping[CustomerId, str]) -> None:
        said = [complaint[:LONGEST] for complaint in complaints.values()]
        self._do(shop, REFUSED, {"customers": list(complaints), "complaints": said})

    def settled(self, shop: ShopId, job: str) -> None:
        self._do(shop, SETTLED, {"job": job})

    def jobs(self, shop: ShopId) -> Sequence[str]:
        with self._database.shop(shop) as session:
            return list(session.execute(JOBS).scalars())

    def of_job(self, shop: ShopId, job: str) -> Mapping[CustomerId, str]:
        return self._opened(shop, OF_JOB, {"job": job})

    def addresses(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, str]:
        return self._opened(shop, ADDRESSES, {"customers": list(customers)})

    def opened(self, shop: ShopId, waiting: str) -> str:
        return self._sealer.open(shop, SENT_TO, bytes.fromhex(waiting.removeprefix(SEALED))).decode()

    def withdrawn(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        self._do(shop, GONE, {"customers": list(customers)})

    def all(self, shop: ShopId) -> Sequence[CustomerId]:
        return self._numbers(shop, ALL, {})

    def moved(self, shop: ShopId) -> Sequence[CustomerId]:
        return self._numbers(shop, MOVED, {})

    def strangers(self, shop: ShopId) -> Sequence[CustomerId]:
        return self._numbers(shop, STRANGERS, {})

    def products(self, shop: ShopId) -> frozenset[ProductId]:
        with self._database.shop(shop) as session:
            return frozenset(map(ProductId, session.execute(PRODUCTS).scalars()))

    def holding(self, shop: ShopId, products: Iterable[ProductId]) -> Sequence[CustomerId]:
        return self._numbers(shop, HOLDING, {"products": list(products)})

    def ended(self, shop: ShopId, *, sent: int, at: datetime) -> None:
        self._do(shop, ENDED, {"shop": shop, "sent": sent, "at": at})

    def _opened(self, shop: ShopId, statement: Any, values: Mapping[str, object]) -> Mapping[CustomerId, str]:
        with self._database.shop(shop) as session:
            rows = session.execute(statement, dict(values)).all()
        boxes = {CustomerId(number): box for number, box in rows if box is not None}
        return {number: self._sealer.open(shop, SENT_TO, box).decode() for number, box in boxes.items()}

    def _numbers(self, shop: ShopId, statement: Any, values: Mapping[str, object]) -> Sequence[CustomerId]:
        with self._database.shop(shop) as session:
            return [CustomerId(number) for number in session.execute(statement, dict(values)).scalars()]

    def _do(self, shop: ShopId, statement: Any, values: Mapping[str, object]) -> None:
        with self._database.shop(shop) as session:
            session.execute(statement, dict(values))
