"""The preview of any shopper: found by what the merchant has at hand, and nobody who objects."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest

from app.core.shops import Shop
from tests.devstore_fixture import DevStore, RunningApp
from tests.pages.conftest import signed, text_of

VISITOR = "5c" * 16
NOT_SHOWN = "people who opted out or were erased are not shown"


def search(app: RunningApp, devstore: DevStore, words: str) -> httpx.Response:
    return app.http.post("/admin/shoppers", data={"q": words}, headers=signed(devstore), follow_redirects=False)


def buyer(rows: psycopg.Connection) -> tuple[int, str]:
    """A customer with orders, and the name of the last of them."""
    row = rows.execute(
        "SELECT o.customer_id, o.name FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN products p "
        "ON p.id = l.product_id WHERE o.customer_id IS NOT NULL AND o.cancelled_at IS NULL AND NOT o.test "
        "AND l.current_quantity > 0 ORDER BY o.created_at DESC LIMIT 1"
    ).fetchone()
    assert row
    return int(row[0]), str(row[1])


def test_the_page_lists_who_was_here_and_who_ordered_lately(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection
) -> None:
    customer, _ = buyer(rows)
    page = running_app.open(devstore, "/admin/shoppers")
    assert f"Customer {customer}" in page.text
    assert "Nobody who allowed analytics and preferences has seen a rail yet" in page.text


def test_a_customer_is_found_by_number_and_by_order(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection
) -> None:
    customer, order = buyer(rows)
    for words in (str(customer), order):
        found = search(running_app, devstore, words)
        assert found.status_code == 303
        assert parse_qs(urlsplit(found.headers["Location"]).query)["customer"] == [str(customer)]
    read = text_of(running_app.open(devstore, f"/admin/shoppers?customer={customer}").text)
    assert f"Customer {customer}" in read
    assert "Bought" in read.split("What is known")[1]
    assert "For you" in read


def test_an_address_that_is_searched_for_stays_out_of_every_address(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection
) -> None:
    customer, _ = buyer(rows)
    email = "ada@example.com"
    rows.execute(
        "UPDATE customers SET email_hash = %s WHERE id = %s",
        [running_app.wiring.sealer.email_hash(trained.id, email), customer],
    )
    found = search(running_app, devstore, email)
    location = found.headers["Location"]
    assert parse_qs(urlsplit(location).query)["customer"] == [str(customer)]
    assert "ada" not in location
    assert "example" not in location
    form = running_app.open(devstore, "/admin/shoppers").text
    assert '<form method="post"' in form
    asked = running_app.open(devstore, "/admin/shoppers?q=ada@example.com").text
    assert f"Customer {customer}</" not in asked.split("Customers who ordered lately")[0]


def test_a_visitor_is_shown_by_number_and_with_what_everybody_sees(
    running_app: RunningApp, devstore: DevStore, trained: Shop
) -> None:
    found = search(running_app, devstore, VISITOR.upper())
    assert parse_qs(urlsplit(found.headers["Location"]).query)["visitor"] == [VISITOR]
    read = text_of(running_app.open(devstore, f"/admin/shoppers?visitor={VISITOR}").text)
    assert "Nothing: this shopper sees what everybody sees" in read
    assert "Popular in this store" in read


@pytest.mark.parametrize("words", ["", "nobody@example.com", "12345", "#99999999", "x" * 500, "0' OR '1'='1"])
def test_a_search_without_a_hit_is_answered_at_the_field(
    running_app: RunningApp, devstore: DevStore, trained: Shop, words: str
) -> None:
    answer = search(running_app, devstore, words)
    assert answer.status_code == 422
    assert NOT_SHOWN in answer.json()["detail"]


@pytest.mark.parametrize(
    "objection",
    [
        "UPDATE customers SET opted_out = true WHERE id = %(customer)s",
        "INSERT INTO tombstones (shop_id, customer_id, at) VALUES (%(shop)s, %(customer)s, now())",
    ],
)
def test_who_opted_out_or_was_erased_is_not_shown(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection, objection: str
) -> None:
    customer, order = buyer(rows)
    rows.execute(objection.encode(), {"customer": customer, "shop": trained.id})
    for words in (str(customer), order):
        assert search(running_app, devstore, words).status_code == 422
    page = running_app.open(devstore, f"/admin/shoppers?customer={customer}").text
    assert NOT_SHOWN in text_of(page)
    assert f"Customer {customer}" not in page


def test_the_browser_of_a_customer_who_opted_out_is_not_shown_either(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection
) -> None:
    customer, _ = buyer(rows)
    rows.execute(
        "INSERT INTO decisions (shop_id, request_id, at, placement, rail, visitor, strategy, variant, items) "
        "VALUES (%s, 'r1', now(), 'home', 'for_you', %s, 'trending', '', '[]')",
        [trained.id, VISITOR],
    )
    rows.execute(
        "INSERT INTO visitor_orders (shop_id, order_id, visitor, client, at) "
        "SELECT %s, id, %s, '', now() FROM orders WHERE customer_id = %s LIMIT 1",
        [trained.id, VISITOR, customer],
    )
    assert f"Visitor {VISITOR[:8]}" in running_app.open(devstore, "/admin/shoppers").text
    rows.execute("UPDATE customers SET opted_out = true WHERE id = %s", [customer])
    assert f"Visitor {VISITOR[:8]}" not in running_app.open(devstore, "/admin/shoppers").text
    assert search(running_app, devstore, VISITOR).status_code == 422
    assert NOT_SHOWN in text_of(running_app.open(devstore, f"/admin/shoppers?visitor={VISITOR}").text)


@pytest.mark.parametrize("query", ["customer=abc", "customer=99999999999999999999", "visitor=short", "visitor=%27--"])
def test_an_address_that_names_nobody_gives_the_list_with_an_error(
    running_app: RunningApp, devstore: DevStore, trained: Shop, query: str
) -> None:
    page = running_app.open(devstore, f"/admin/shoppers?{query}")
    assert page.status_code == 200
    assert NOT_SHOWN in text_of(page.text)


def test_a_search_is_for_the_shops_own_staff(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    assert running_app.http.post("/admin/shoppers", data={"q": "1"}).status_code == 401
