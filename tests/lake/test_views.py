"""Sessions of product views for models: cut after half an hour, nobody named, objectors and the erased left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from app.analytics import expressions
from app.core.events import Event, EventType
from app.core.ids import ClientId, CustomerId, OrderId, ProductId, VisitorId
from app.core.shops import Shop
from app.ports import ViewedSessions
from app.wiring.worker import Worker
from tests.lake.conftest import ADA, AT, BOB, decision, event, identity, purchase, store

SINCE, UNTIL = AT - timedelta(days=30), AT + timedelta(days=30)


def sessions(wiring: Worker, shop: Shop) -> list[list[int]]:
    """The products of each session, sessions in no order."""
    found = wiring.views.sessions(shop.id, since=SINCE, until=UNTIL)
    return sorted(found.product[found.session == number].tolist() for number in np.unique(found.session))


def view(name: str, product: int, minutes: float, **facts: Any) -> Event:
    return event(name, product_id=ProductId(product), minutes=minutes, **facts)


def test_views_become_sessions_in_the_order_in_which_they_happened(wiring: Worker, shop: Shop) -> None:
    batch = [view("e-1", 1, 0), view("e-2", 2, 30), view("e-3", 3, 61), view("e-4", 9, 5, visitor=BOB)]
    store(wiring, shop, *reversed(batch))
    store(wiring, shop, batch[0])
    assert sessions(wiring, shop) == [[1, 2], [3], [9]]


def test_the_arrays_are_what_the_port_promises(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"), event("e-2", minutes=24 * 60), event("e-3", visitor=BOB, minutes=1))
    found = wiring.views.sessions(shop.id, since=SINCE, until=UNTIL)
    assert [str(array.dtype) for array in (found.session, found.product, found.day)] == ["int64", "int64", "int32"]
    assert found.session.tolist() == [0, 1, 2]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert sorted(found.day.tolist()) == [(AT - epoch).days, (AT - epoch).days, (AT - epoch).days + 1]


def test_only_product_views_of_the_period_count(wiring: Worker, shop: Shop) -> None:
    store(
        wiring,
        shop,
        event("e-1", EventType.CLICK),
        event("e-2", EventType.ADD_TO_CART),
        purchase("e-3", 1),
        event("e-4", at=SINCE - timedelta(seconds=1)),
        event("e-5", at=UNTIL),
    )
    assert sessions(wiring, shop) == []


def test_a_browser_that_looks_at_more_than_people_do_is_a_program_and_nothing_is_learnt_from_it(
    wiring: Worker, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visits of two products each are too short to look like a crawler's, however many there are."""
    monkeypatch.setattr(expressions, "MOST_A_DAY", 6)
    monkeypatch.setattr(expressions, "MOST_OF_ONE", 9)
    eve = VisitorId("e" * 32)
    crawls = [view(f"c-{number}", number % 2, 45 * (number // 2), visitor=ADA) for number in range(7)]
    again = [view(f"n-{number}", number % 2, 24 * 60 + number, visitor=ADA) for number in range(2)]
    daily = [view(f"d-{number}", number % 2, 24 * 60 * (number // 2), visitor=eve) for number in range(10)]
    keen = [view(f"k-{number}", number, number, visitor=BOB) for number in range(6)]
    store(wiring, shop, *crawls, *again, *daily, *keen)
    assert sessions(wiring, shop) == [[0, 1, 2, 3, 4, 5]]


def test_a_shop_without_views_has_empty_arrays(wiring: Worker, shop: Shop) -> None:
    found = wiring.views.sessions(shop.id, since=SINCE, until=UNTIL)
    assert isinstance(found, ViewedSessions)
    assert (len(found.session), str(found.session.dtype), str(found.day.dtype)) == (0, "int64", "int32")


def test_one_browser_under_two_names_is_one_session(wiring: Worker, shop: Shop) -> None:
    store(
        wiring,
        shop,
        identity("e-0", ADA, "c-1"),
        event("e-1"),
        event("e-2", visitor=None, client=ClientId("c-1"), product_id=ProductId(2), minutes=1),
    )
    assert sessions(wiring, shop) == [[1, 2]]


def test_nothing_is_learnt_from_the_browsers_of_a_customer_who_opted_out(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"), identity("e-2", ADA, "c-1"), event("e-3", visitor=BOB, product_id=ProductId(3)))
    store(wiring, shop, event("e-4", visitor=None, client=ClientId("c-1"), minutes=90))
    store(wiring, shop, purchase("e-5", 77, visitor=None, client="c-1"))
    order_of_an_objector(wiring, shop, 77)
    assert sessions(wiring, shop) == [[3]]


def test_nor_from_what_their_browsers_were_called_before_or_after(wiring: Worker, shop: Shop) -> None:
    eve = VisitorId("e" * 32)
    store(wiring, shop, purchase("e-0", 77, visitor=ADA), identity("e-1", ADA, "c-1"), identity("e-2", eve, "c-1"))
    store(wiring, shop, identity("e-3", eve, "c-2"), event("e-4", visitor=None, client=ClientId("c-2")))
    store(wiring, shop, event("e-5", visitor=eve), event("e-6", visitor=BOB, product_id=ProductId(3)))
    order_of_an_objector(wiring, shop, 77)
    assert sessions(wiring, shop) == [[3]]


def test_nor_from_a_browser_that_clicked_on_what_they_bought(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", EventType.CLICK), event("e-2"), decision("r-2", visitor=BOB))
    store(wiring, shop, event("e-3", visitor=BOB, product_id=ProductId(3)))
    order_of_an_objector(wiring, shop, 77)
    with wiring.database.shop(shop.id) as session:
        for line, request in enumerate(("r-1", "r-2")):
            session.execute(
                text(
                    "INSERT INTO order_lines (shop_id, id, order_id, quantity, current_quantity, unit_price, discount, "
                    "request_id) VALUES (:shop, :line, 77, 1, 1, 1, 0, :request)"
                ),
                {"shop": shop.id, "line": line, "request": request},
            )
    assert sessions(wiring, shop) == []


def order_of_an_objector(wiring: Worker, shop: Shop, order: int) -> None:
    with wiring.database.shop(shop.id) as session:
        session.execute(
            text(
                "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
                "VALUES (:shop, 5, 1, 1, '', true)"
            ),
            {"shop": shop.id},
        )
        session.execute(
            text(
                "INSERT INTO orders (shop_id, id, name, customer_id, currency, total, discounts, refunded, "
                "source_name, test, created_at, updated_at) "
                "VALUES (:shop, :order, '', 5, 'EUR', 1, 0, 0, 'web', false, :at, :at)"
            ),
            {"shop": shop.id, "order": order, "at": AT},
        )


def test_nothing_is_learnt_from_erased_visitors(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"), purchase("e-2", 77), event("e-3", visitor=BOB, product_id=ProductId(3)))
    subject = wiring.privacy.bury(shop.id, CustomerId(0), [OrderId(77)], at=AT + timedelta(hours=1))
    for place in wiring.erasable_places:
        place.erase_customer(shop.id, subject)
    assert sessions(wiring, shop) == [[3]]


def test_sessions_do_not_leave_their_shop(wiring: Worker, shop: Shop, other_shop: Shop) -> None:
    store(wiring, other_shop, event("e-1"))
    assert sessions(wiring, shop) == []
