"""A shop that is connected to the twin, with a shopper whose browser is known."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.email.names import Trigger
from app.core.events import Event, EventType
from app.core.ids import CustomerId, ProductId, VisitorId
from app.core.shops import Shop
from app.ports import ConsentRecord
from app.services.note_mail_deeds import note_mail_deeds
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.services.start_flows import Done, start_flows
from app.wiring.worker import Worker
from tests.klaviyo_fixture import Twin, klaviyo_shop, twin  # noqa: F401  (the fixtures themselves)

SALT = "a"
"""Puts some of the customers on each side of a hold-out of one half."""
YES = {"analytics": True, "preferences": True, "marketing": True}


@dataclass
class Mails:
    """One connected shop; `customers` accept mails, have an address, and have not ordered for long."""

    shop: Shop
    wiring: Worker
    twin: Twin
    customers: list[CustomerId]
    products: list[ProductId]

    def now(self) -> datetime:
        return self.wiring.clock.now()

    def execute(self, statement: str, rows: list[tuple[Any, ...]] | None = None) -> list[Any]:
        with self.wiring.database.copy(self.shop.id) as connection, connection.cursor() as cursor:
            if rows is None:
                found = cursor.execute(statement)
                answer = found.fetchall() if found.description else []
            else:
                cursor.executemany(statement, rows)
                answer = []
            connection.commit()
            return answer

    def switch(self, *triggers: Trigger, hold_out: float = 0.0, since_days: float = 30) -> None:
        """Switch these on, as if it had been some days ago."""
        set_mail_settings(
            self.shop, Wanted(triggers=triggers, hold_out=hold_out), by="the owner", ports=self.wiring.setting_mails
        )
        settings = self.wiring.mail_settings.of(self.shop.id)
        assert set(settings.triggers) == set(triggers)
        since = dict.fromkeys(triggers, self.now() - timedelta(days=since_days))
        # With a drawn salt, all may fall on one side.
        before = replace(settings, triggers=since, salt=SALT)
        self.wiring.mail_settings.save(self.shop.id, before, by="the owner", at=self.now())

    def visitor(self, customer: CustomerId) -> VisitorId:
        return VisitorId(f"{customer:032x}")

    def do(self, customer: CustomerId, what: EventType, product: ProductId, *, hours_ago: float, **over: Any) -> None:
        """One event of the customer's browser, as the stream brings it."""
        event = Event(
            event_id=secrets.token_hex(8),
            type=what,
            at=self.now() - timedelta(hours=hours_ago),
            visitor=self.visitor(customer),
            client=None,
            consent=over.get("consent", YES),
            product_id=product,
        )
        note_mail_deeds([(self.shop.id, event)], self.wiring.noting_mail_deeds)

    def start(self, **options: Any) -> Done:
        return start_flows(self.shop, self.wiring.starting_flows, **options)

    def events(self) -> Sequence[Any]:
        """What Klaviyo has of our metrics."""
        ours = {one.id: one.name for one in self.twin.account.metrics.values() if one.name.startswith("Attune")}
        return [one for one in self.twin.account.events.values() if one.metric_id in ours]


@pytest.fixture
def mails(klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin) -> Mails:  # noqa: F811  (the fixtures above)
    wiring = worker_wiring
    wiring.consents.record(klaviyo_shop.id, ConsentRecord(True, "the owner", "2026-11", wiring.clock.now()))
    made = Mails(klaviyo_shop, wiring, twin, [], [])
    made.execute("UPDATE orders SET created_at = created_at - interval '60 days'")
    rows = made.execute("SELECT id FROM customers WHERE contact IS NOT NULL ORDER BY id LIMIT 6")
    made.customers = [CustomerId(row[0]) for row in rows]
    made.execute("UPDATE customers SET email_marketing = 'SUBSCRIBED', opted_out = false")
    made.products = [card.product_id for card in wiring.catalog.cards(klaviyo_shop.id) if card.buyable]
    made.execute("DELETE FROM profile_members")
    members = [(int(made.shop.id), "customer", str(one), f"p{one}") for one in made.customers]
    members += [(int(made.shop.id), "visitor", made.visitor(one), f"p{one}") for one in made.customers]
    made.execute(
        "INSERT INTO profile_members (shop_id, kind, id, profile, standing) VALUES (%s, %s, %s, %s, 'own')", members
    )
    return made
