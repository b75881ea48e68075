"""Klaviyo connections. A secret is replaced as a whole, by compare-and-set on its generation, as Shopify's are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports.klaviyo import KlaviyoConnection, LinkKind
from app.ports.klaviyo_link import AccountFacts, KlaviyoSecret, StoredSecret

SEALED_IN: Final = "klaviyo_connections.secret"
SENDER_IN: Final = "klaviyo_connections.sender"

OF = text("""
    SELECT kind, account, name, sender, currency, timezone, scopes, at, by, trouble, trouble_at FROM klaviyo_connections
""")
LOAD = text("SELECT secret, generation, account, trouble FROM klaviyo_connections WHERE secret IS NOT NULL")
PUT = text("""
    INSERT INTO klaviyo_connections
        (shop_id, kind, secret, generation, account, name, sender, currency, timezone, scopes, at, by)
    VALUES (:shop, :kind, :secret, 1, :account, :name, :sender, :currency, :timezone, :scopes, :at, :by)
    ON CONFLICT (shop_id) DO UPDATE SET
        kind = excluded.kind, secret = excluded.secret, generation = klaviyo_connections.generation + 1,
        account = excluded.account, name = excluded.name, sender = excluded.sender, currency = excluded.currency,
        timezone = excluded.timezone, scopes = excluded.scopes, at = excluded.at, by = excluded.by,
        trouble = '', trouble_at = NULL
""")
ROTATE = text("""
    UPDATE klaviyo_connections SET secret = :secret, generation = generation + 1
    WHERE generation = :generation RETURNING generation
""")
BREAK = text("""
    UPDATE klaviyo_connections SET trouble = :trouble, trouble_at = :at
    WHERE trouble = '' AND (cast(:generation AS bigint) IS NULL OR generation = :generation)
""")
DROP = text("""
    DELETE FROM klaviyo_connections WHERE cast(:generation AS bigint) IS NULL OR generation = :generation
    RETURNING generation
""")
ACCOUNT = text("SELECT account FROM klaviyo_connections FOR UPDATE")
FORGET: Final = (
    text("DELETE FROM engagement_hooks"),
    text("DELETE FROM engagement_marks WHERE metric LIKE 'Attune %'"),
    text("UPDATE mail_feeds SET klaviyo_id = '', registered_url = '', trouble = ''"),
    # Nothing is known of them but that something may stand there, so everybody is pushed again, or withdrawn.
    text("UPDATE klaviyo_pushes SET state = 'sending', job = '', complaint = ''"),
)
"""What was known of how things stand in the account; in another one, or in the same one later, it may not be so."""


class DbKlaviyoConnections:
    """Implements `app.ports.klaviyo_link.KlaviyoLinks`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def of(self, shop: ShopId) -> KlaviyoConnection | None:
        with self._database.shop(shop) as session:
            row = session.execute(OF).first()
        return None if row is None else self._connection(shop, row)

    def put(
        self, shop: ShopId, secret: KlaviyoSecret, facts: AccountFacts, scopes: frozenset[str], *, at: datetime, by: str
    ) -> None:
        sender = orjson.dumps([facts.sender_name, facts.sender_email])
        values = {
            "shop": shop,
            "kind": secret.kind,
            "secret": self._sealed(shop, secret),
            "account": facts.account,
            "name": facts.name,
            "sender": self._sealer.seal(shop, SENDER_IN, sender),
            "currency": facts.currency,
            "timezone": facts.timezone,
            "scopes": " ".join(sorted(scopes)),
            "at": at,
            "by": by,
        }
        with self._database.shop(shop) as session:
            before = session.execute(ACCOUNT).scalar()
            session.execute(PUT, values)
            if before is not None and before != facts.account:
                _forget(session)

    def secret(self, shop: ShopId) -> StoredSecret | None:
        row = self._load(shop)
        return None if row is None or row.trouble else self._stored(shop, row)

    def any_secret(self, shop: ShopId) -> StoredSecret | None:
        row = self._load(shop)
        return None if row is None else self._stored(shop, row)

    def rotate(self, shop: ShopId, secret: KlaviyoSecret, *, generation: int) -> bool:
        values = {"secret": self._sealed(shop, secret), "generation": generation}
        with self._database.shop(shop) as session:
            return session.execute(ROTATE, values).first() is not None

    def broken(self, shop: ShopId, trouble: str, *, at: datetime, generation: int | None = None) -> None:
        with self._database.shop(shop) as session:
            session.execute(BREAK, {"trouble": trouble, "at": at, "generation": generation})

    def drop(self, shop: ShopId, *, generation: int | None = None) -> bool:
        with self._database.shop(shop) as session:
            dropped = session.execute(DROP, {"generation": generation}).first() is not None
            if dropped:
                _forget(session)
        return dropped

    def _load(self, shop: ShopId) -> Row[Any] | None:
        with self._database.shop(shop) as session:
            return session.execute(LOAD).first()

    def _sealed(self, shop: ShopId, secret: KlaviyoSecret) -> bytes:
        return self._sealer.seal(shop, SEALED_IN, orjson.dumps(packed(secret)))

    def _stored(self, shop: ShopId, row: Row[Any]) -> StoredSecret:
        secret = unpacked(orjson.loads(self._sealer.open(shop, SEALED_IN, row.secret)))
        return StoredSecret(secret, row.generation, row.account)

    def _connection(self, shop: ShopId, row: Row[Any]) -> KlaviyoConnection:
        sender_name, sender_email = orjson.loads(self._sealer.open(shop, SENDER_IN, row.sender))
        return KlaviyoConnection(
            kind=LinkKind(row.kind),
            account=row.account,
            name=row.name,
            sender_name=sender_name,
            sender_email=sender_email,
            currency=row.currency,
            timezone=row.timezone,
            scopes=frozenset(row.scopes.split()),
            at=row.at,
            by=row.by,
            trouble=row.trouble,
            trouble_at=row.trouble_at,
        )


def _forget(session: Session) -> None:
    for statement in FORGET:
        session.execute(statement)


def packed(secret: KlaviyoSecret) -> list[str]:
    """As it lies in its box."""
    until = secret.access_until.isoformat() if secret.access_until else ""
    return [secret.kind, secret.access, secret.refresh, until]


def unpacked(parts: list[str]) -> KlaviyoSecret:
    kind, access, refresh, until = parts
    return KlaviyoSecret(LinkKind(kind), access, refresh, datetime.fromisoformat(until) if until else None)
