"""Feeds as they were prepared, and the secret in their addresses. Whether a feed changed is told by its content."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.shop_secrets import ShopSecrets
from app.core.email.feeds import digest_of
from app.core.ids import ProductId, ShopId
from app.ports.feeds import Feed

COLUMNS = "name, etag, items, changed_at, checked_at, klaviyo_id, registered_url, trouble"
PUT = text("""
    INSERT INTO mail_feeds AS old (shop_id, name, body, etag, items, changed_at, checked_at)
    VALUES (:shop, :name, :body, :etag, :items, :at, :at)
    ON CONFLICT (shop_id, name) DO UPDATE SET
        body = excluded.body, items = excluded.items, checked_at = excluded.checked_at, etag = excluded.etag,
        changed_at = CASE WHEN old.etag = excluded.etag THEN old.changed_at ELSE excluded.changed_at END
    RETURNING changed_at = :at AS changed
""")
ALL = text(f"SELECT {COLUMNS} FROM mail_feeds ORDER BY name")
READ = text(f"""
    SELECT {COLUMNS}, CASE WHEN etag = ANY(cast(:known AS text[])) THEN '' ELSE body END AS body
    FROM mail_feeds WHERE name = :name
""")
PRODUCTS = text("""
    SELECT DISTINCT cast(id #>> '{}' AS bigint) AS product FROM mail_feeds,
        jsonb_path_query(cast(body AS jsonb), 'strict $.*[*].id', silent => true) AS id
""")
DROP = text("DELETE FROM mail_feeds WHERE name = ANY(:names)")
REGISTERED = text("""
    UPDATE mail_feeds SET klaviyo_id = :klaviyo, registered_url = :url, trouble = :trouble WHERE name = :name
""")


def shop_of(secret: str) -> ShopId | None:
    """The shop that a secret says it is of; whether it is, `is_secret` tells."""
    number, _, rest = secret.partition("-")
    if not rest or not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    return ShopId(int(number))


class DbFeeds:
    """Implements `app.ports.feeds.Feeds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, shop: ShopId, name: str, body: bytes, *, items: int, at: datetime) -> bool:
        """Keep it; whether it differs from what stood there."""
        values = {"etag": hashlib.sha256(body).hexdigest()[:32], "items": items, "at": at}
        with self._database.shop(shop) as session:
            made = session.execute(PUT, {"shop": shop, "name": name, "body": body.decode(), **values})
            return bool(made.scalar_one())

    def all(self, shop: ShopId) -> Sequence[Feed]:
        with self._database.shop(shop) as session:
            return [_feed(row) for row in session.execute(ALL)]

    def read(self, shop: ShopId, name: str, *, known: Collection[str] = ()) -> tuple[Feed, bytes] | None:
        """The feed, and its body unless its ETag is one of the `known` ones."""
        with self._database.shop(shop) as session:
            row = session.execute(READ, {"name": name, "known": list(known)}).first()
        return (_feed(row), row.body.encode()) if row else None

    def products(self, shop: ShopId) -> frozenset[ProductId]:
        """All that stand in some feed."""
        with self._database.shop(shop) as session:
            return frozenset(map(ProductId, session.execute(PRODUCTS).scalars()))

    def drop(self, shop: ShopId, names: Sequence[str]) -> None:
        with self._database.shop(shop) as session:
            session.execute(DROP, {"names": list(names)})

    def registered(self, shop: ShopId, name: str, *, klaviyo_id: str, url: str, trouble: str = "") -> None:
        """Note under which id and address Klaviyo knows it, or why it does not."""
        values = {"name": name, "klaviyo": klaviyo_id, "url": digest_of(url), "trouble": trouble}
        with self._database.shop(shop) as session:
            session.execute(REGISTERED, values)


class DbFeedKeys:
    """Implements `app.ports.feeds.FeedKeys`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._own = ShopSecrets(database, sealer, table="feed_keys", make=_made)

    def secret(self, shop: ShopId) -> str | None:
        """None where none was made."""
        known = self._own.secret(shop)
        return known.decode() if known is not None else None

    def is_secret(self, shop: ShopId, said: str) -> bool:
        known = self._own.secret(shop)
        return known is not None and hmac.compare_digest(known, said.encode())

    def made_at(self, shop: ShopId) -> datetime | None:
        return self._own.made_at(shop)

    def renew(self, shop: ShopId, *, at: datetime) -> str:
        """Make a new one; the old one ends at once."""
        return self._own.renew(shop, at=at)


def _made(shop: ShopId) -> str:
    return f"{shop}-{secrets.token_urlsafe(24)}"


def _feed(row: Row[Any]) -> Feed:
    return Feed(
        name=row.name,
        etag=row.etag,
        items=row.items,
        changed_at=row.changed_at,
        checked_at=row.checked_at,
        klaviyo_id=row.klaviyo_id,
        registered=row.registered_url,
        trouble=row.trouble,
    )
