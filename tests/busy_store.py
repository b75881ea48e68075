"""Puts more into the small world than its year of orders: enough customers who come back for every rail's exam.

Each customer has a shelf of the shop and never buys from another. First all of them buy, a month later all of them buy
again, something else of their shelf each time.
"""

from __future__ import annotations

from typing import Any

import httpx

from app.core.recommend.evaluate import LEAST_QUESTIONS
from devstore.model import Product
from devstore.worlds import build

CUSTOMERS = LEAST_QUESTIONS + 60
MONTH_S = 30 * 24 * 3600
ITEMS = 3
PLENTY = 5000


def fill(control: httpx.Client) -> None:
    """Done through the store's control routes before anybody has installed anything."""
    world = build("small")
    products = {product.id: product for product in world.products}
    shelves = [[products[id] for id in shelf.product_ids if _sells(products[id])] for shelf in world.collections]
    for product in (product for shelf in shelves for product in shelf):
        _post(control, "inventory", variant_id=product.variants[0].id, quantity=PLENTY)
    customers = [customer.id for customer in world.customers]
    while len(customers) < CUSTOMERS:
        email = f"neighbour-{len(customers)}@example.com"
        customers.append(_post(control, "customers", email=email)["id"])
    for visit in range(2):
        for number, customer in enumerate(customers):
            shelf = shelves[number % len(shelves)]
            start = number // len(shelves) + visit * ITEMS
            bought = [shelf[(start + place) % len(shelf)] for place in range(ITEMS)]
            lines = [{"variant_id": product.variants[0].id} for product in bought]
            _post(control, "orders", customer_id=customer, lines=lines)
        _post(control, "clock", advance_s=MONTH_S if visit == 0 else 60)


def _sells(product: Product) -> bool:
    first = product.variants[0]
    return product.status == "ACTIVE" and first.price > 0 and first.quantity > 0


def _post(control: httpx.Client, path: str, **body: Any) -> Any:
    answer = control.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()
