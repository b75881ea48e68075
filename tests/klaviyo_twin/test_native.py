"""What a store's own integration brings into the account, and how a mail leads back into the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from devstore import worlds
from devstore.klaviyo.beside import account_beside
from devstore.klaviyo.records import NEVER_SUBSCRIBED, SHOPIFY, SUBSCRIBED, UNSUBSCRIBED
from devstore.klaviyo.state import Account
from devstore.options import Options, read_toml
from devstore.server import create, serving
from devstore.store import NewLine, Store

ROOT = Path(__file__).resolve().parents[2]


class Joined:
    """A small store and its account."""

    def __init__(self) -> None:
        url = "http://127.0.0.1:1"
        toml = read_toml((ROOT / "shopify.app.toml").read_text(), url)
        options = Options(
            port=0, app_url=url, app_toml=toml, extensions=ROOT / "extensions", api_key="key", api_secret="secret",
            shop_domain="joined.myshopify.com", origin="http://store.example",
        )  # fmt: skip
        self.app = create(worlds.build("small"), options)
        self.store: Store = self.app.extensions["devstore_store"]
        self.account: Account = account_beside(self.app, store_origin="http://store.example", origin="http://k.example")

    def told(self, email: str, metric: str) -> int:
        profile = self.account.find({"email": email})
        assert profile is not None
        events = self.account.events_of(profile.id, self.account.metric(metric, SHOPIFY).id)
        return sum(not event.backfill for event in events)


@pytest.fixture(scope="module")
def joined() -> Joined:
    return Joined()


@pytest.fixture
def http(joined: Joined) -> Iterator[httpx.Client]:
    with serving(joined.app) as origin, httpx.Client(base_url=origin, timeout=10) as client:
        yield client


def test_every_customer_with_an_address_is_a_profile_with_the_stores_consent(joined: Joined) -> None:
    states = {"SUBSCRIBED": SUBSCRIBED, "UNSUBSCRIBED": UNSUBSCRIBED, "NOT_SUBSCRIBED": NEVER_SUBSCRIBED}
    customers = [one for one in joined.store.customers.values() if one.email]
    assert customers
    for customer in customers:
        profile = joined.account.find({"external_id": str(customer.id)})
        assert profile is not None
        assert (profile.email, profile.consent) == (customer.email, states[customer.email_marketing])


def test_a_newcomer_of_the_newsletter_form_is_on_the_list(joined: Joined, http: httpx.Client) -> None:
    http.post("/contact", data={"contact[email]": "new@example.com"})
    profile = joined.account.find({"email": "new@example.com"})
    assert profile is not None
    [newsletter] = joined.account.lists.values()
    assert (profile.consent, profile.id in newsletter.members) == (SUBSCRIBED, True)


def test_an_order_is_placed_ordered_and_fulfilled_and_history_is_backfill(joined: Joined) -> None:
    variant = next(one for one in joined.store.variants.values() if one.quantity > 2)
    joined.store.place_order([NewLine(variant.id, 1)], email="buyer@example.com")
    for name in ("Placed Order", "Ordered Product", "Fulfilled Order"):
        assert joined.told("buyer@example.com", name) == 1
    old = next(one for one in joined.store.orders.values() if one.customer_id and not one.cancelled_at)
    customer = joined.store.customers[old.customer_id or 0]
    assert joined.told(customer.email or "", "Placed Order") == 0


def test_the_catalogue_follows_the_store_and_so_does_what_can_be_bought(joined: Joined) -> None:
    made = joined.store.create_product(title="Late Arrival", price=1200, quantity=1)
    item = joined.account.catalog[str(made.id)]
    assert (item.title, item.url, item.price) == ("Late Arrival", "http://store.example/products/late-arrival", "12")
    assert joined.account.mails.can_be_bought("late-arrival")
    joined.store.set_inventory(made.variants[0].id, 0)
    assert not joined.account.mails.can_be_bought("late-arrival")
    joined.store.delete_product(made.id)
    assert str(made.id) not in joined.account.catalog


def test_who_came_by_a_mail_is_known_on_product_pages(joined: Joined, http: httpx.Client) -> None:
    profile = joined.account.upsert({"email": "reader@example.com"})
    product = next(one for one in joined.store.products.values() if one.status == "ACTIVE")
    http.get(f"/products/{product.handle}", params={"_kx": profile.kx})
    assert joined.told("reader@example.com", "Viewed Product") == 1


def test_who_is_not_known_leaves_no_trace(joined: Joined, http: httpx.Client) -> None:
    product = next(one for one in joined.store.products.values() if one.status == "ACTIVE")
    before = len(joined.account.events)
    http.get(f"/products/{product.handle}", params={"_kx": "somebody-else"})
    assert len(joined.account.events) == before
