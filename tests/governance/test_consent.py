"""The consent function: what counts as a yes, what as a no, and that SQL which says the same does say the same."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from sqlalchemy import text

from app.adapters.db.history import USABLE
from app.core.ids import CustomerId
from app.core.profiles.consent import OwnSwitches, Purpose, ShopperConsent, allowed, captured, why_not
from app.core.shops import Shop
from app.wiring.web import Web

NOTHING_KNOWN = ShopperConsent()
YES_TO_ALL = ShopperConsent(True, True, True, True, "SUBSCRIBED", False, OwnSwitches(True, True, True))


@pytest.mark.parametrize(
    ("purpose", "unknown"),
    [
        (Purpose.STORE_BEHAVIOUR, False),
        (Purpose.PERSONALISE, True),
        (Purpose.LEARN, True),
        (Purpose.EMAIL, False),
        (Purpose.ADS, False),
    ],
)
def test_silence_is_no_yes_where_a_yes_is_needed(purpose: Purpose, *, unknown: bool) -> None:
    assert allowed(purpose, NOTHING_KNOWN) is unknown, "the store's own orders may be used until somebody says no"
    assert allowed(purpose, YES_TO_ALL)


@pytest.mark.parametrize("purpose", Purpose)
def test_who_opted_out_is_left_alone_for_every_purpose(purpose: Purpose) -> None:
    from dataclasses import replace

    assert why_not(purpose, replace(YES_TO_ALL, opted_out=True)) == (
        "They opted out of the sale and use of their data."
    )


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"analytics": False}, {Purpose.STORE_BEHAVIOUR, Purpose.LEARN}),
        ({"analytics": None}, {Purpose.STORE_BEHAVIOUR}),
        ({"preferences": False}, {Purpose.PERSONALISE}),
        ({"preferences": None}, {Purpose.PERSONALISE}),
        ({"marketing": False}, {Purpose.ADS}),
        ({"sale_of_data": False}, {Purpose.ADS}),
        ({"email_marketing": "UNSUBSCRIBED"}, {Purpose.EMAIL}),
        ({"email_marketing": ""}, {Purpose.EMAIL}),
        ({"own": OwnSwitches(personalise=False)}, {Purpose.PERSONALISE, Purpose.LEARN, Purpose.ADS}),
        ({"own": OwnSwitches(remember=False)}, {Purpose.STORE_BEHAVIOUR}),
        ({"own": OwnSwitches(email=False)}, {Purpose.EMAIL}),
    ],
)
def test_each_no_closes_what_it_is_about_and_nothing_else(changed: dict[str, object], refused: set[Purpose]) -> None:
    from dataclasses import replace

    consent = replace(YES_TO_ALL, **changed)  # type: ignore[arg-type]  # one field of the class a case
    assert {purpose for purpose in Purpose if not allowed(purpose, consent)} == refused
    assert all(str(why_not(purpose, consent)).startswith("They ") for purpose in refused)


def test_one_more_no_never_opens_anything() -> None:
    said = (None, False, True)
    for analytics, preferences, marketing, sale, own in itertools.product(said, repeat=5):
        consent = ShopperConsent(analytics, preferences, marketing, sale, "SUBSCRIBED", False, OwnSwitches(own))
        for purpose in Purpose:
            if not allowed(purpose, consent):
                continue
            for worse in (True, False):
                opted = ShopperConsent(
                    analytics, preferences, marketing, sale, "SUBSCRIBED", worse, OwnSwitches(own, False, False)
                )
                assert not (worse and allowed(purpose, opted))


def test_what_an_event_carries_counts_only_as_true_and_false() -> None:
    assert captured({"analytics": True, "preferences": "true", "marketing": None}) == ShopperConsent(True, False, None)
    assert captured({}) == NOTHING_KNOWN


GRID = list(itertools.product(("SUBSCRIBED", "UNSUBSCRIBED", ""), (False, True), (None, False, True)))


def test_sql_that_chooses_customers_says_what_the_function_says(
    wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    for number, (marketing, opted_out, own) in enumerate(GRID, start=1):
        catalogue.execute(
            "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
            "VALUES (%s, %s, 1, 0, %s, %s)",
            [shop.id, number, marketing, opted_out],
        )
        catalogue.execute(
            "INSERT INTO orders (shop_id, id, name, customer_id, currency, total, discounts, refunded, source_name, "
            "test, created_at, updated_at) VALUES (%s, %s, '', %s, 'EUR', 1, 0, 0, '', false, now(), now())",
            [shop.id, number, number],
        )
        catalogue.execute(
            "INSERT INTO shopper_preferences (shop_id, kind, who, personalise, email, changed_at) "
            "VALUES (%s, 'customer', %s, %s, %s, now())",
            [shop.id, str(number), own, own],
        )
    catalogue.commit()
    consents = {
        number: ShopperConsent(email_marketing=marketing, opted_out=opted_out, own=OwnSwitches(own, None, own))
        for number, (marketing, opted_out, own) in enumerate(GRID, start=1)
    }

    def by_function(purpose: Purpose) -> list[int]:
        return [number for number, consent in consents.items() if allowed(purpose, consent)]

    assert list(wiring.email_customers.accepting(shop.id, after=CustomerId(0), limit=99)) == by_function(Purpose.EMAIL)
    with wiring.database.shop(shop.id) as session:
        learnt = session.execute(text(f"SELECT customer_id FROM orders o WHERE {USABLE} ORDER BY 1")).scalars().all()
    assert learnt == by_function(Purpose.LEARN)
