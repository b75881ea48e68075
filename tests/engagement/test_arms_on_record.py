"""What stands in the lake of an occasion's decision: the arm, and for the control what it would have been shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from app.adapters.lake.schema import DECISION_KIND
from app.core.email.hold_out import arm_of
from app.core.email.names import Trigger
from app.core.email.settings import MailSettings
from app.core.events import EventType
from app.services.train_models import train_models
from tests.mail.conftest import Mails, mails  # noqa: F401  (the fixture itself)


def decisions(mails: Mails) -> dict[str, dict[str, Any]]:  # noqa: F811  (the fixture above)
    """Of mails, by their request ids."""
    today = mails.now().date()
    work: Callable[[Any], Any] = lambda records: records.to_table().to_pylist()  # noqa: E731
    rows = mails.wiring.lake.read(mails.shop.id, today, today + timedelta(days=1), work, kind=DECISION_KIND)
    return {row["request_id"]: row for row in rows if row["placement"] == "email"}


def both_arms(mails: Mails) -> None:  # noqa: F811
    """Switch it on with a salt that puts some of the few customers on either side."""
    arms = {salt: {arm_of(salt, one, share=0.5) for one in mails.customers} for salt in map(str, range(99))}
    salt = next(salt for salt, found in arms.items() if len(found) == 2)
    mails.wiring.mail_settings.save(mails.shop.id, MailSettings(salt=salt), by="the owner", at=mails.now())
    mails.switch(Trigger.CART_LEFT, hold_out=0.5)


def test_both_arms_decisions_are_in_the_lake_and_the_controls_says_that_nothing_of_ours_stood_there(
    mails: Mails,  # noqa: F811
) -> None:
    train_models(mails.shop, mails.wiring.training)
    both_arms(mails)
    for customer in mails.customers:
        mails.do(customer, EventType.ADD_TO_CART, mails.products[0], hours_ago=2)
    assert mails.start().sent == len(mails.customers)
    found = decisions(mails)
    events = {one.properties["arm"]: one.properties for one in mails.events()}
    assert events.keys() == {"attune", "control"}
    told = {row["variant"]: row["show"] for row in found.values()}
    assert told == {"email:attune": "ours", "email:control": "empty"}
    assert all(orjson.loads(row["items"]) for row in found.values())
    # What the mail shows is what is on record; of the control's decision nothing is told to Klaviyo.
    sent = [one.properties for one in mails.events() if "items" in one.properties]
    for properties in sent:
        row = found[properties["rid"]]
        assert row["variant"] == "email:attune"
        items = orjson.loads(row["items"])
        assert [str(item["product_id"]) for item in items] == [item["id"] for item in properties["items"]]
    kept = {rid for rid, row in found.items() if row["variant"] == "email:control"}
    assert len(found) == len(kept) + len(sent) == len(mails.customers)
    assert not [rid for rid in kept if rid in str([one.properties for one in mails.events()])]


def test_the_arm_on_record_is_the_one_that_is_computed_for_the_customer(mails: Mails) -> None:  # noqa: F811
    both_arms(mails)
    for customer in mails.customers:
        mails.do(customer, EventType.ADD_TO_CART, mails.products[0], hours_ago=2)
    mails.start()
    settings = mails.wiring.mail_settings.of(mails.shop.id)
    rows = mails.execute("SELECT customer_id, arm FROM mail_triggers WHERE state = 'sent'")
    assert len(rows) == len(mails.customers)
    assert all(arm == arm_of(settings.salt, who, share=settings.hold_out).value for who, arm in rows)
