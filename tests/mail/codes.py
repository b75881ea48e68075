"""Codes of win-backs, for the tests that are about them: terms, issuing, customers who are lost, and orders."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from app.adapters.shopify import scopes
from app.config import API_VERSION
from app.core.email.names import FACTS, Trigger
from app.core.email.offers import Ledger, OfferTerms
from app.core.ids import CustomerId
from app.services.checkpoints import Checkpoint
from app.services.issue_offers import issue_offers
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.services.start_flows import Done
from app.services.train_models import train_models
from tests.devstore_fixture import DevStore
from tests.mail.conftest import Mails

FIVE_OFF = OfferTerms(is_on=True, amount=500, least_order=1000, days=10, budget=2000)
"""Four codes can be paid for."""
ZONE = ZoneInfo("America/New_York")


class Killed(BaseException):
    """What a worker that is killed does not come back from."""


@pytest.fixture
def shop_of_codes(mails: Mails, devstore: DevStore) -> Mails:
    """The merchant has granted access to discounts; a model chooses what mails show."""
    train_models(mails.shop, mails.wiring.training)
    devstore.post("scopes", granted=[*scopes.REQUIRED, *scopes.OPTIONAL])
    devstore.flush()
    stored = mails.wiring.credentials.load(mails.shop.id)
    assert stored is not None
    mails.wiring.credentials.set_scopes(mails.shop.id, ",".join([*scopes.REQUIRED, *scopes.OPTIONAL]))
    return mails


def dying_at(where: str) -> Checkpoint:
    def die(checkpoint: str) -> None:
        if checkpoint == where:
            raise Killed

    return die


def ledger(mails: Mails, now: datetime | None = None, terms: OfferTerms = FIVE_OFF) -> Ledger:
    return mails.wiring.offers.ledger(mails.shop.id, terms, now=now or mails.now())


def ask_shopify(mails: Mails, query: str) -> Any:
    """What the merchant sees and does in the Shopify admin."""
    stored = mails.wiring.credentials.load(mails.shop.id)
    assert stored is not None
    url = f"{mails.wiring.shopify.origin(mails.shop.domain)}/admin/api/{API_VERSION}/graphql.json"
    headers = {"X-Shopify-Access-Token": stored.pair.access_token}
    return httpx.post(url, json={"query": query}, headers=headers, trust_env=False).json()["data"]


def ours(mails: Mails) -> int:
    """How many discounts of ours stand in the store."""
    query = '{ codeDiscountNodes(first: 50, query: "title:Attune*") { nodes { id } } }'
    return len(ask_shopify(mails, query)["codeDiscountNodes"]["nodes"])


def offer(mails: Mails, terms: OfferTerms = FIVE_OFF) -> None:
    set_mail_settings(mails.shop, Wanted(offer=terms), by="the owner", ports=mails.wiring.setting_mails)


def issue(mails: Mails, **options: Any) -> int:
    return issue_offers(mails.shop, mails.wiring.issuing_offers, wait=lambda _: time.sleep(0.02), **options)


def enter(mails: Mails, stage: str, *customers: CustomerId) -> None:
    """They came to this stage of life an hour ago, in a shop that has been counted for long."""
    mails.execute("UPDATE segments SET first_counted_at = now() - interval '90 days'")
    mails.execute(
        "INSERT INTO segment_changes (shop_id, segment_id, at, profile, entered) "
        f"SELECT s.shop_id, s.id, %s, %s, true FROM segments s WHERE s.key = 'stage_{stage}'",
        [(mails.now() - timedelta(hours=1), f"p{one}") for one in customers],
    )


def win_back(mails: Mails, *customers: CustomerId, **options: Any) -> Done:
    mails.switch(Trigger.WIN_BACK, **{name: options.pop(name) for name in ("hold_out",) if name in options})
    enter(mails, "lost", *customers)
    return mails.start(**options)


def codes(mails: Mails) -> list[str]:
    return [one.properties["offer_code"] for one in mails.events() if "offer_code" in one.properties]


def next_best_offer(mails: Mails, customer: CustomerId) -> Any:
    email = mails.wiring.picking.people.emails(mails.shop.id, [customer])[customer]
    profile = mails.twin.account.find({"email": email})
    assert profile is not None
    return orjson.loads(profile.held.get(FACTS, "{}")).get("next_best_offer")


def variant_of(mails: Mails) -> int:
    """A variant that can be bought."""
    statement = f"SELECT id FROM variants WHERE product_id = {mails.products[0]} AND price > 0 ORDER BY id LIMIT 1"
    return int(mails.execute(statement)[0][0])


def buy(devstore: DevStore, mails: Mails, code: str, quantity: int = 1) -> dict[str, Any]:
    """An order in the store with the code, and its webhook taken in."""
    lines = [{"variant_id": variant_of(mails), "quantity": quantity}]
    answer: dict[str, Any] = devstore.post("orders", lines=lines, email="a@b.example", discount_code=code)
    return answer
