"""Connections to Klaviyo that are being made: what was given is sealed, and of the state only a digest is kept."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.klaviyo_connections import packed, unpacked
from app.core.ids import ShopId
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import Asking

GIVEN: Final = "klaviyo_askings.given"

OF = text("SELECT kind, given, by, until, trouble FROM klaviyo_askings")
WAITING = text("""
    SELECT kind, given, by, until, trouble FROM klaviyo_askings
    WHERE kind = 'oauth' AND state = :state AND until > :now FOR UPDATE
""")
PUT = text("""
    INSERT INTO klaviyo_askings (shop_id, kind, state, given, by, until, trouble)
    VALUES (:shop, :kind, :state, :given, :by, :until, :trouble)
    ON CONFLICT (shop_id) DO UPDATE SET
        kind = excluded.kind, state = excluded.state, given = excluded.given, by = excluded.by,
        until = excluded.until, trouble = excluded.trouble
""")
CLAIMED = text("UPDATE klaviyo_askings SET given = :given")
ANSWERED = text("UPDATE klaviyo_askings SET given = :given, state = ''")
FAILED = text("UPDATE klaviyo_askings SET given = NULL, state = '', trouble = :trouble")
DROP = text("DELETE FROM klaviyo_askings")


class DbKlaviyoAskings:
    """Implements `app.ports.klaviyo_link.KlaviyoAskings`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def put(self, shop: ShopId, asking: Asking, *, state: str = "") -> None:
        values = {
            "shop": shop,
            "kind": asking.kind,
            "state": _digest(state) if state else "",
            "given": self._sealed(shop, asking),
            "by": asking.by,
            "until": asking.until,
            "trouble": asking.trouble,
        }
        with self._database.shop(shop) as session:
            session.execute(PUT, values)

    def of(self, shop: ShopId) -> Asking | None:
        with self._database.shop(shop) as session:
            row = session.execute(OF).first()
        return None if row is None else self._asking(shop, row)

    def claimed(self, shop: ShopId, state: str, browser: str, *, now: datetime) -> bool:
        with self._database.shop(shop) as session:
            asking = self._waiting(session, shop, state, now)
            if asking is None or asking.browser not in ("", browser):
                return False
            session.execute(CLAIMED, {"given": self._sealed(shop, replace(asking, browser=browser))})
        return True

    def answered(self, shop: ShopId, state: str, code: str, browser: str, *, now: datetime) -> bool:
        with self._database.shop(shop) as session:
            asking = self._waiting(session, shop, state, now)
            if asking is None or not hmac.compare_digest(asking.browser, browser):
                return False
            session.execute(ANSWERED, {"given": self._sealed(shop, replace(asking, code=code))})
        return True

    def _waiting(self, session: Session, shop: ShopId, state: str, now: datetime) -> Asking | None:
        row = session.execute(WAITING, {"state": _digest(state), "now": now}).first()
        return None if row is None else self._asking(shop, row)

    def failed(self, shop: ShopId, trouble: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(FAILED, {"trouble": trouble})

    def drop(self, shop: ShopId) -> None:
        with self._database.shop(shop) as session:
            session.execute(DROP)

    def _sealed(self, shop: ShopId, asking: Asking) -> bytes:
        secret = packed(asking.secret) if asking.secret else None
        given = [asking.verifier, asking.code, asking.key, secret, sorted(asking.scopes), asking.browser]
        return self._sealer.seal(shop, GIVEN, orjson.dumps(given))

    def _asking(self, shop: ShopId, row: Row[Any]) -> Asking:
        kind = LinkKind(row.kind)
        if row.given is None:
            return Asking(kind, row.by, row.until, trouble=row.trouble)
        verifier, code, key, secret, scopes, browser = orjson.loads(self._sealer.open(shop, GIVEN, row.given))
        return Asking(
            kind,
            row.by,
            row.until,
            verifier,
            code,
            key,
            row.trouble,
            unpacked(secret) if secret else None,
            frozenset(scopes),
            browser,
        )


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
