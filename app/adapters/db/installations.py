"""Installations: a shop comes, is described, and leaves; each step is one transaction, so a kill leaves no half."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db import credentials, due_work
from app.adapters.db.engine import SET_SHOP, Database
from app.adapters.db.shops import put_shop
from app.core.ids import ShopDomain, ShopId
from app.core.shops import Shop, ShopState
from app.ports import ShopProfile, TokenPair

PUT_PROFILE = text("""
    INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at)
    VALUES (:shop, '', '', 'UTC', :key, :at)
    ON CONFLICT (shop_id) DO UPDATE SET installed_at = excluded.installed_at
""")
PROFILE = text("SELECT name, currency, timezone, collect_key, installed_at, uninstalled_at FROM shop_profiles")
DESCRIBE = text("UPDATE shop_profiles SET name = :name, currency = :currency, timezone = :timezone")
UNINSTALL_PROFILE = text("UPDATE shop_profiles SET uninstalled_at = :at")
CLEAR_DUE_WORK = text("""
    DELETE FROM due_work d
    WHERE d.shop_id = :shop AND d.kind NOT IN ('forget_models', 'klaviyo_leave', 'unpush') AND NOT (
        d.kind = 'webhook' AND EXISTS (
            SELECT 1 FROM deliveries v WHERE v.webhook_id = d.id AND v.topic = ANY(:kept)
        )
    )
""")
CLOSE_DELIVERIES = text("""
    UPDATE deliveries SET state = 'done', done_at = :at, payload = NULL, error = 'the app was uninstalled'
    WHERE state = 'pending' AND NOT topic = ANY(:kept)
""")
LEAVE_KLAVIYO = text("""
    WITH left_now AS (
        UPDATE klaviyo_connections SET trouble = 'Attune was uninstalled.', trouble_at = :at RETURNING shop_id
    )
    INSERT INTO due_work (shop_id, kind, id, due_at) SELECT shop_id, 'klaviyo_leave', '', now() FROM left_now
    ON CONFLICT DO NOTHING
""")
SURVIVING_TOPICS = ["app/uninstalled", "customers/data_request", "customers/redact", "shop/redact"]
SETUP_AFTER_S = 15.0


class DbInstallations:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def install(self, domain: ShopDomain, pair: TokenPair, *, at: datetime) -> Shop:
        """Create the shop or bring it back: state, token pair, collect key, and the set-up noted as due."""
        with self._database.open() as connection:
            shop = put_shop(connection, domain, ShopState.INSTALLED)
            connection.execute(SET_SHOP, {"shop": str(shop.id)})
            connection.execute(credentials.PUT, credentials.pair_values(self._sealer, shop.id, pair))
            connection.execute(PUT_PROFILE, {"shop": shop.id, "key": secrets.token_urlsafe(16), "at": at})
            connection.execute(due_work.PUT, {"shop": shop.id, "kind": "install", "id": "", "after_s": SETUP_AFTER_S})
        return shop

    def profile(self, shop: ShopId) -> ShopProfile | None:
        with self._database.shop(shop) as session:
            row = session.execute(PROFILE).first()
        return ShopProfile(*row) if row else None

    def describe(self, shop: ShopId, *, name: str, currency: str, timezone: str) -> None:
        with self._database.shop(shop) as session:
            session.execute(DESCRIBE, {"name": name, "currency": currency, "timezone": timezone})

    def uninstall(self, shop: ShopId, *, at: datetime) -> None:
        """Token pair and due work go at once; what privacy asks for stays: its webhooks, a withdrawn consent."""
        with self._database.shop(shop) as session:
            session.execute(text("UPDATE shops SET state = 'uninstalled' WHERE id = :shop"), {"shop": shop})
            session.execute(text("DELETE FROM credentials"))
            session.execute(UNINSTALL_PROFILE, {"at": at})
            session.execute(CLEAR_DUE_WORK, {"shop": shop, "kept": SURVIVING_TOPICS})
            session.execute(text("DELETE FROM klaviyo_askings"))
            session.execute(LEAVE_KLAVIYO, {"at": at})
            session.execute(CLOSE_DELIVERIES, {"at": at, "kept": SURVIVING_TOPICS})
