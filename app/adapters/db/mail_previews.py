"""Previews of mails, sealed because they show what was chosen for somebody, and the occasions that they are made of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

import orjson
from sqlalchemy import CursorResult, text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.adapters.db.mail_occasions import FOUND
from app.core.email.names import Arm, Trigger
from app.core.email.triggers import Occasion
from app.core.ids import CustomerId, ProductId, ShopId
from app.ports.mail_previews import MailPreview, PreviewState

KEPT: Final = timedelta(hours=1)
CONTENT: Final = "mail_previews.content"
EVER: Final = "-infinity"
OLD: Final = text("DELETE FROM mail_previews WHERE asked_at < :before")
ASK: Final = text("""
    INSERT INTO mail_previews (shop_id, id, customer_id, mail, arm, state, complaint, asked_at)
    VALUES (:shop, :id, :customer, :mail, :arm, :state, '', :at)
""")
ONE: Final = text("""
    SELECT id, customer_id, mail, arm, state, complaint, content FROM mail_previews
    WHERE id = :id AND asked_at >= :before
""")
ANSWER: Final = text("""
    UPDATE mail_previews SET state = :state, complaint = :complaint, content = :content WHERE id = :id
""")
NEWEST: Final = {
    trigger: text(f"""
        SELECT f.key, f.at, f.product_id, f.cart, f.facts FROM ({found}) f
        WHERE f.customer_id = :customer AND f.at IS NOT NULL ORDER BY f.at DESC LIMIT 1
    """)
    for trigger, found in FOUND.items()
}


class DbMailPreviews:
    """Implements `app.ports.mail_previews.MailPreviews`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def ask(self, shop: ShopId, preview: MailPreview, *, at: datetime) -> None:
        whose = {"id": preview.id, "customer": preview.customer, "mail": preview.mail, "arm": preview.arm.value}
        with self._database.shop(shop) as session:
            session.execute(OLD, {"before": at - KEPT})
            session.execute(ASK, {"shop": shop, **whose, "state": PreviewState.WAITING.value, "at": at})

    def one(self, shop: ShopId, id: str, *, at: datetime) -> MailPreview | None:
        with self._database.shop(shop) as session:
            row = session.execute(ONE, {"id": id, "before": at - KEPT}).one_or_none()
        if row is None:
            return None
        told = orjson.loads(self._sealer.open(shop, CONTENT, row.content)) if row.content else {}
        state = PreviewState(row.state)
        return MailPreview(row.id, CustomerId(row.customer_id), row.mail, Arm(row.arm), state, row.complaint, **told)

    def answer(self, shop: ShopId, preview: MailPreview) -> None:
        told = {
            "subject": preview.subject,
            "sender": preview.sender,
            "html": preview.html,
            "notes": list(preview.notes),
        }
        box = self._sealer.seal(shop, CONTENT, orjson.dumps(told))
        said = {"id": preview.id, "state": preview.state.value, "complaint": preview.complaint}
        with self._database.shop(shop) as session:
            session.execute(ANSWER, {**said, "content": box})

    def forget(self, shop: ShopId, *, at: datetime) -> int:
        with self._database.shop(shop) as session:
            return cast("CursorResult[Any]", session.execute(OLD, {"before": at - KEPT})).rowcount


class DbPreviewOccasions:
    """Implements `app.ports.mail_previews.PreviewOccasions` by the rules' own queries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, shop: ShopId, trigger: Trigger, customer: CustomerId, *, now: datetime) -> Occasion | None:
        statement = NEWEST[trigger]
        values = {"customer": customer, "since": EVER, "now": now}
        known = {name: value for name, value in values.items() if name in statement.compile().params}
        with self._database.shop(shop) as session:
            row = session.execute(statement, known).one_or_none()
        if row is None:
            return None
        product = ProductId(row.product_id) if row.product_id else None
        cart = tuple(ProductId(one) for one in row.cart)
        return Occasion(trigger, customer, row.key, row.at, product, cart, row.facts)
