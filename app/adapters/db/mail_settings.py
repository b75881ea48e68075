"""What the merchant has switched on for mails, as one document a shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.core.email.names import Trigger
from app.core.email.offers import OfferTerms
from app.core.email.settings import MailSettings
from app.core.ids import ShopId

VALUE = text("SELECT value FROM mail_settings")
# One row a shop, so that there is something to lock where nothing was saved yet.
BEGIN = text("""
    INSERT INTO mail_settings (shop_id, value, changed_at, "by") VALUES (:shop, '{}', :at, :by) ON CONFLICT DO NOTHING
""")
LOCK = text("SELECT value FROM mail_settings FOR UPDATE")
SAVE = text("""
    INSERT INTO mail_settings (shop_id, value, changed_at, "by") VALUES (:shop, cast(:value AS jsonb), :at, :by)
    ON CONFLICT (shop_id) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, "by" = excluded."by"
""")


class DbMailSettings:
    """Implements `app.ports.mail.MailSettingsStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, shop: ShopId) -> MailSettings:
        with self._database.shop(shop) as session:
            value = session.execute(VALUE).scalar()
        return _read(value) if value else MailSettings()

    def save(self, shop: ShopId, settings: MailSettings, *, by: str, at: datetime) -> None:
        with self._database.shop(shop) as session:
            _save(session, shop, settings, by, at)

    def change(
        self, shop: ShopId, changed: Callable[[MailSettings], MailSettings], *, by: str, at: datetime
    ) -> MailSettings:
        with self._database.shop(shop) as session:
            session.execute(BEGIN, {"shop": shop, "at": at, "by": by})
            value = session.execute(LOCK).scalar_one()
            after = changed(_read(value) if value else MailSettings())
            _save(session, shop, after, by, at)
        return after


def _save(session: Session, shop: ShopId, settings: MailSettings, by: str, at: datetime) -> None:
    value = orjson.dumps(_written(settings)).decode()
    session.execute(SAVE, {"shop": shop, "value": value, "at": at, "by": by})


def _written(settings: MailSettings) -> dict[str, Any]:
    return {
        "salt": settings.salt,
        "push": settings.push,
        "triggers": {trigger.value: since.isoformat() for trigger, since in settings.triggers.items()},
        "hold_out": settings.hold_out,
        "offer": asdict(settings.offer),
    }


def _read(value: dict[str, Any]) -> MailSettings:
    terms = {one.name for one in fields(OfferTerms)}
    known = {trigger.value: trigger for trigger in Trigger}
    return MailSettings(
        salt=value["salt"],
        push=value["push"],
        triggers={
            known[name]: datetime.fromisoformat(since) for name, since in value["triggers"].items() if name in known
        },
        hold_out=value["hold_out"],
        offer=OfferTerms(**{name: said for name, said in value["offer"].items() if name in terms}),
    )
