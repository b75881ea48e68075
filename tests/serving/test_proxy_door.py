"""The app proxy's door: our own check of the signature is Shopify's, and only installed shops come in."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
import shopify_app
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from app.adapters.cached_shops import CachedShops
from app.adapters.db.engine import Database
from app.adapters.db.shops import DbShops
from app.adapters.shopify.proxy_signature import BadSignature, ProxySignature
from app.core.ids import ShopDomain
from app.core.shops import Shop, ShopState
from tests.serving.conftest import SECRET, signed

ROUTE = "/proxy/v1/recommendations"
OURS = ProxySignature(SECRET)
THEIRS = shopify_app.ShopifyApp("test-api-key", SECRET)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
QUESTION = {"placement": "product", "product_id": "1"}


def we_accept(query: str) -> bool:
    try:
        OURS.parameters(query, now_s=time.time())
    except BadSignature:
        return False
    return True


def shopify_accepts(query: str) -> bool:
    request = {"method": "GET", "headers": {}, "url": f"https://attune.example.com{ROUTE}?{query}", "body": ""}
    return bool(THEIRS.verify_app_proxy_req(request).ok)  # type: ignore[arg-type]


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=5))
def test_what_shopify_signs_is_accepted_by_us_and_by_its_own_library(extra: dict[str, str]) -> None:
    extra.pop("signature", None)
    query = signed(extra)
    assert we_accept(query) == shopify_accepts(query)


# Signed when the test runs, not when it is collected: minutes later everything would be refused as too old.
TAMPERED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "only a signature": lambda: "signature=x",
    "untouched": lambda: signed({}),
    "another secret": lambda: signed({}, secret="another"),
    "two minutes old": lambda: signed({}, at=time.time() - 120),
    "from the future": lambda: signed({}, at=time.time() + 120),
    "no time": lambda: signed({"timestamp": "soon"}),
    "another value": lambda: signed({"a": "1"}).replace("a=1", "a=2"),
    "one value made two": lambda: signed({"a": "1,2"}).replace("a=1%2C2", "a=1&a=2"),
    "special characters": lambda: signed({"a": "x y+z&%=ü☃"}),
    "a second shop": lambda: signed({}) + "&shop=charlie.myshopify.com",
    "a second signature": lambda: signed({}) + "&signature=" + "0" * 64,
    "an empty part": lambda: signed({}) + "&",
    "a new part": lambda: signed({}) + "&new=1",
    "beyond ASCII": lambda: signed({}).replace("signature=", "signature=%C3%A9"),
    "unsigned": lambda: urlencode({"shop": "alice.myshopify.com", "timestamp": str(int(time.time()))}),
}
STRANGERS: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "another secret": lambda: signed(QUESTION, secret="wrong"),
    "too old": lambda: signed(QUESTION, at=time.time() - 91),
    "an unknown shop": lambda: signed({**QUESTION, "shop": "unknown.myshopify.com"}),
    "no domain": lambda: signed({**QUESTION, "shop": "not a domain"}),
}


@pytest.mark.parametrize("tampered", TAMPERED)
def test_every_tampering_is_judged_as_by_shopifys_library(tampered: str) -> None:
    query = TAMPERED[tampered]()
    try:
        theirs = shopify_accepts(query)
    except TypeError:  # The library compares texts, which Python refuses beyond ASCII.
        theirs = False
    assert we_accept(query) == theirs


def test_during_a_rotation_both_secrets_are_good() -> None:
    rotating = ProxySignature("the-new-one", SECRET)
    assert rotating.parameters(signed({}), now_s=time.time())["shop"] == "alice.myshopify.com"


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_gets_401_and_nothing_is_recorded(client: FlaskClient, shop: Shop, stranger: str) -> None:
    query = STRANGERS[stranger]()
    answer = client.get(f"{ROUTE}?{query}")
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_an_uninstalled_shop_is_refused(client: FlaskClient, database: Database, shop: Shop) -> None:
    DbShops(database).put(shop.domain, ShopState.UNINSTALLED)
    assert client.get(f"{ROUTE}?{signed(QUESTION)}").status_code == 401


def test_an_uninstall_is_noticed_within_seconds(database: Database, shop: Shop) -> None:
    known = CachedShops(DbShops(database), lambda _: "", fresh_s=0.05)
    assert known.by_domain(shop.domain) == shop
    DbShops(database).put(shop.domain, ShopState.UNINSTALLED)
    time.sleep(0.06)
    found = known.by_domain(shop.domain)
    assert found is not None
    assert found.state is ShopState.UNINSTALLED


def test_known_shops_are_believed_while_the_database_is_away(database: Database, shop: Shop) -> None:
    gone = Database(database.url.replace("host=", "host=/nonexistent"))
    answers = iter([DbShops(database), DbShops(gone)])

    class Failing:
        def by_domain(self, domain: ShopDomain) -> Shop | None:
            return next(answers).by_domain(domain)

    known = CachedShops(Failing(), lambda _: "", fresh_s=0.0)
    assert known.by_domain(shop.domain) == known.by_domain(shop.domain) == shop
    gone.close()


def test_a_database_that_is_away_is_not_asked_by_every_request(database: Database, shop: Shop) -> None:
    asked: list[ShopDomain] = []

    class Away:
        def by_domain(self, domain: ShopDomain) -> Shop | None:
            asked.append(domain)
            if len(asked) > 1:
                raise OperationalError("SELECT", {}, Exception("away"))
            return shop

    known = CachedShops(Away(), lambda _: "", fresh_s=0.05)
    known.by_domain(shop.domain)
    time.sleep(0.06)
    assert [known.by_domain(shop.domain) for _ in range(5)] == [shop] * 5
    assert len(asked) == 2
