"""Flows and templates that were made in Klaviyo, and how mails look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.email.look import Look
from app.core.ids import ShopId
from app.ports.flows import MadeFlow, MadeTemplate

FLOWS: Final = text("SELECT key, flow, status, complaint, seen_at FROM klaviyo_flows")
PUT_FLOW: Final = text("""
    INSERT INTO klaviyo_flows (shop_id, key, flow, status, complaint, seen_at)
    VALUES (:shop, :key, :flow, :status, :complaint, :seen_at)
    ON CONFLICT (shop_id, key) DO UPDATE SET
        flow = excluded.flow, status = excluded.status, complaint = excluded.complaint, seen_at = excluded.seen_at
""")
TEMPLATES: Final = text("SELECT key, template, version, digest, edited FROM klaviyo_templates")
PUT_TEMPLATE: Final = text("""
    INSERT INTO klaviyo_templates (shop_id, key, template, version, digest, edited)
    VALUES (:shop, :key, :template, :version, :digest, :edited)
    ON CONFLICT (shop_id, key) DO UPDATE SET
        template = excluded.template, version = excluded.version, digest = excluded.digest, edited = excluded.edited
""")
LOOK: Final = text("SELECT colour, logo, static FROM mail_looks")
PUT_LOOK: Final = text("""
    INSERT INTO mail_looks (shop_id, colour, logo, static) VALUES (:shop, :colour, :logo, :static)
    ON CONFLICT (shop_id) DO UPDATE SET colour = excluded.colour, logo = excluded.logo, static = excluded.static
""")


class DbMadeFlows:
    """Implements `app.ports.flows.MadeFlows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def flows(self, shop: ShopId) -> Mapping[str, MadeFlow]:
        with self._database.shop(shop) as session:
            rows = session.execute(FLOWS).all()
        return {row.key: MadeFlow(row.key, row.flow, row.status, row.complaint, row.seen_at) for row in rows}

    def put_flow(self, shop: ShopId, flow: MadeFlow) -> None:
        with self._database.shop(shop) as session:
            session.execute(PUT_FLOW, {"shop": shop, **asdict(flow)})

    def templates(self, shop: ShopId) -> Mapping[str, MadeTemplate]:
        with self._database.shop(shop) as session:
            rows = session.execute(TEMPLATES).all()
        return {row.key: MadeTemplate(row.key, row.template, row.version, row.digest, row.edited) for row in rows}

    def put_template(self, shop: ShopId, template: MadeTemplate) -> None:
        with self._database.shop(shop) as session:
            session.execute(PUT_TEMPLATE, {"shop": shop, **asdict(template)})


class DbMailLooks:
    """Implements `app.ports.flows.MailLooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, shop: ShopId) -> Look:
        with self._database.shop(shop) as session:
            row = session.execute(LOOK).one_or_none()
        return Look() if row is None else Look(row.colour, row.logo, row.static)

    def put(self, shop: ShopId, look: Look) -> None:
        with self._database.shop(shop) as session:
            session.execute(PUT_LOOK, {"shop": shop, "colour": look.colour, "logo": look.logo, "static": look.static})
