"""A shop small enough to know by heart, its TOML, and a client that speaks to its Admin API as an app does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from devstore.jwt import mint_id_token
from devstore.model import (
    Address,
    Collection,
    Customer,
    Order,
    OrderLine,
    Product,
    Refund,
    RefundLine,
    ShopInfo,
    Variant,
    World,
)
from devstore.options import Options, read_toml
from devstore.server import create
from devstore.store import Store
from tests.patience import eventually

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SCOPES = "read_products,write_products,read_orders,read_all_orders,read_customers,read_inventory"
SECRET = "a-secret-of-at-least-32-characters"
TOPICS = [
    *(f"{kind}/{how}" for kind in ("products", "collections", "customers") for how in ("create", "update", "delete")),
    *("orders/create", "orders/updated", "orders/cancelled", "orders/delete"),
    *("refunds/create", "inventory_levels/update"),
    *("bulk_operations/finish", "app/uninstalled", "app/scopes_update"),
]
TOML = """
name = "Attune"
client_id = "key"
application_url = "https://attune.example/admin"
embedded = true
[access_scopes]
scopes = "{scopes}"
[webhooks]
api_version = "2026-10"
[[webhooks.subscriptions]]
topics = {topics}
uri = "/webhooks"
[[webhooks.subscriptions]]
compliance_topics = ["customers/data_request", "customers/redact", "shop/redact"]
uri = "/webhooks/compliance"
[app_proxy]
url = "https://attune.example/proxy"
prefix = "apps"
subpath = "attune"
[product.metafields.app.recs]
type = "list.product_reference"
name = "Recommendations"
[product.metafields.app.recs.access]
storefront = "public_read"
"""


def toml(scopes: str = SCOPES, topics: list[str] = TOPICS) -> str:
    return TOML.format(scopes=scopes, topics=str(topics).replace("'", '"'))


def options(app_url: str = "http://127.0.0.1:9", scopes: str = SCOPES, **changes: Any) -> Options:
    given: dict[str, Any] = {
        "port": 9292,
        "app_url": app_url,
        "app_toml": read_toml(toml(scopes), app_url),
        "extensions": Path("extensions"),
        "api_key": "key",
        "api_secret": SECRET,
        "shop_domain": "tiny.myshopify.com",
        "origin": "http://localhost",
        "webhook_retries_s": (0.01, 0.02),
    }
    return Options(**{**given, **changes})


def product(n: int, quantity: int = 10) -> Product:
    made = NOW - timedelta(days=400 - n)
    variant = Variant(
        1000 + n, n, "Default Title", f"SKU-{n}", 1000 + n * 100, None, 2000 + n, quantity, updated_at=made
    )
    return Product(
        n, f"thing-{n}", f"Thing {n}", f"All about thing {n}", "Maker", "Things", ("new", "blue"), "ACTIVE",
        made, made, made, [variant],
    )  # fmt: skip


def customer(n: int) -> Customer:
    address = Address("1 High Street", "Leeds", "LS1 1AA", "GB")
    made = NOW - timedelta(days=300)
    return Customer(n, f"First{n}", f"Last{n}", f"c{n}@example.com", f"+4411300000{n}", address, made, made, ("vip",))


def order(n: int, days_ago: int, products: list[int], customer_id: int | None) -> Order:
    at = NOW - timedelta(days=days_ago)
    lines = [
        OrderLine(n * 10 + i, p, 1000 + p, f"Thing {p}", 2, 1000 + p * 100, 50, properties=(("_note", str(i)),))
        for i, p in enumerate(products)
    ]
    email = f"c{customer_id}@example.com" if customer_id else None
    return Order(n, 1000 + n, customer_id, email, at, at, at, lines, shipping=400, country_code="GB")


def world() -> World:
    shop = ShopInfo(77, "tiny.myshopify.com", "Tiny", "owner@example.com", "Olive Owner", "GBP", "Europe/London", "GB")
    products = [product(n) for n in range(1, 8)]
    collections = [
        Collection(501, "all", "All", "Everything", [1, 2, 3, 4, 5, 6, 7], NOW - timedelta(days=90)),
        Collection(502, "few", "Few", "A few", [2, 4], NOW - timedelta(days=80)),
    ]
    orders = [
        order(9000 + n, days_ago=200 - n * 10, products=[1 + n % 7, 1 + (n + 2) % 7], customer_id=1 + n % 3 or None)
        for n in range(20)
    ]
    orders[4].lines[0].refunded_quantity = 1
    back = RefundLine(95_002, orders[4].lines[0].id, 1, 900)
    orders[4].refunds.append(Refund(95_001, NOW - timedelta(days=2), [back], 900))
    orders[5].cancelled_at = NOW - timedelta(days=140)
    orders[6].discount_codes = ("SUMMER",)
    orders[7].customer_id = orders[7].email = None
    return World("tiny", shop, NOW, products, collections, [customer(n) for n in range(1, 4)], orders, location_id=61)


@dataclass
class Shop:
    """The devstore's application and an installed app's view of it."""

    app: Flask
    options: Options
    client: FlaskClient = field(init=False)
    token: str = ""
    refresh_token: str = ""

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    @property
    def store(self) -> Store:
        store = self.app.extensions["devstore_store"]
        assert isinstance(store, Store)
        return store

    def oauth(self, **body: Any) -> tuple[int, dict[str, Any]]:
        given = {"client_id": "key", "client_secret": SECRET, **body}
        answer = self.client.post("/admin/oauth/access_token", json=given)
        return answer.status_code, answer.get_json()

    def exchange(self, subject_token: str | None = None, **changes: Any) -> tuple[int, dict[str, Any]]:
        return self.oauth(
            **{
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": subject_token or mint_id_token(self.options),
                "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
                "expiring": 1,
                **changes,
            }
        )

    def install(self) -> Shop:
        status, tokens = self.exchange()
        assert status == 200, tokens
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        return self

    def post(self, query: str, variables: dict[str, Any] | None = None, token: str | None = None) -> Any:
        return self.client.post(
            "/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": self.token if token is None else token},
        )

    def answer(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.post(query, variables)
        assert response.status_code == 200, response.get_json()
        body: dict[str, Any] = response.get_json()
        return body

    def data(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        body = self.answer(query, variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def dev(self, method: str, path: str, **body: Any) -> Any:
        return self.client.open(f"/_dev/{path}", method=method, json=body or None)

    # -- bulk ----------------------------------------------------------------------------------------------------------

    def bulk(self, query: str, group: bool = False) -> dict[str, Any]:
        """Run a bulk query to its end; the operation as GraphQL shows it."""
        started = self.data(
            """mutation($q: String!, $g: Boolean!) { bulkOperationRunQuery(query: $q, groupObjects: $g) {
               bulkOperation { id status } userErrors { code message } } }""",
            {"q": query, "g": group},
        )["bulkOperationRunQuery"]
        assert not started["userErrors"], started["userErrors"]
        return self.wait(started["bulkOperation"]["id"])

    def wait(self, gid: str) -> dict[str, Any]:
        operation: dict[str, Any] = {}

        def ended() -> bool:
            operation.update(self.data(OPERATION, {"id": gid})["bulkOperation"])
            return operation["status"] not in ("CREATED", "RUNNING", "CANCELING")

        eventually(ended, f"the bulk operation {gid} has ended", every_s=0.01)
        return operation

    def lines(self, operation: dict[str, Any]) -> list[str]:
        return self.client.get(operation["url"], buffered=True).get_data(as_text=True).splitlines()


OPERATION = """query($id: ID!) { bulkOperation(id: $id) {
  id status type errorCode createdAt completedAt objectCount rootObjectCount fileSize url partialDataUrl } }"""


def make(**changes: Any) -> Shop:
    given = options(**changes)
    return Shop(create(world(), given), given)
