"""The closed vocabulary of events admits what fits, and says in a sentence why it refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import events
from app.core.bots import is_declared_bot
from app.core.errors import BadEvent, RefusalKind
from app.core.recommend.types import RAILS_OF, Placement, default_rail

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "e1",
    "type": "click",
    "age_ms": 1500,
    "visitor": "0123456789abcdef" * 2,
    "placement": "product",
    "product_id": "7001",
    "request_id": "r1",
    "position": 0,
    "consent": {"analytics": True, "preferences": False},
}
OWN_FIELDS: dict[str, dict[str, Any]] = {
    "exposure": {"placement": "home", "rail": "for_you", "product_id": "1"},
    "click": {"placement": "cart", "rail": "goes_well", "product_id": "1", "request_id": "r1", "position": 3},
    "page_view": {"path": "/collections/all"},
    "product_view": {"product_id": "1", "variant_id": "2"},
    "collection_view": {"collection_id": "5"},
    "search": {"query": "blue carafe"},
    "cart_view": {"products": ["1", "2"]},
    "checkout_started": {"products": []},
    "add_to_cart": {"product_id": "1", "variant_id": 2, "quantity": 3},
    "remove_from_cart": {"product_id": "1"},
    "purchase": {"order_id": "99", "products": [1, "2"]},
    "identity": {"client_id": "2f1a-11.x_"},
    "sign_up": {"form": "newsletter", "email": "ada@example.com"},
}


def of(type: str, **changes: Any) -> dict[str, Any]:
    """A good event of the type, changed."""
    common = {name: GOOD[name] for name in ("id", "age_ms", "visitor", "consent")}
    return {**common, "type": type, **OWN_FIELDS[type], **changes}


def refusal(raw: dict[str, Any]) -> BadEvent:
    with pytest.raises(BadEvent) as caught:
        events.parse(raw, now=NOW, hash_email=str)
    return caught.value


def test_a_good_event_is_dated_by_its_age() -> None:
    event = events.parse(GOOD, now=NOW)
    assert event.at == NOW - timedelta(seconds=1.5)
    assert event.consent == {"analytics": True, "preferences": False, "marketing": False}
    assert (event.type, event.product_id) == (events.EventType.CLICK, 7001)


def test_the_examples_are_of_every_type() -> None:
    assert set(OWN_FIELDS) == set(events.EventType) == set(events.FIELDS)


@pytest.mark.parametrize("type", OWN_FIELDS)
def test_every_type_carries_fields_of_its_own(type: str) -> None:
    event = events.parse(of(type), now=NOW, hash_email=str)
    renamed = {"client_id": "client"}
    for name, sent in OWN_FIELDS[type].items():
        kept = getattr(event, renamed.get(name, name))
        assert kept == (tuple(int(one) for one in sent) if name == "products" else type_of(kept)(sent)), name


def type_of(value: object) -> Any:
    """Texts stay texts, ids become numbers."""
    return int if isinstance(value, int) else str


@pytest.mark.parametrize("type", OWN_FIELDS)
def test_what_a_type_needs_must_be_there(type: str) -> None:
    optional = {"rail", "request_id", "position", "variant_id", "quantity"}
    for name in OWN_FIELDS[type].keys() - optional:
        refusal({key: value for key, value in of(type).items() if key != name})


def test_only_an_exposure_can_be_a_ghost() -> None:
    assert events.parse(of("exposure", ghost=True), now=NOW).ghost is True
    assert events.parse(of("exposure"), now=NOW).ghost is False
    assert events.parse(of("click", ghost=True), now=NOW).ghost is False
    oddities: tuple[object, ...] = ("true", 1, None, [])
    for odd in oddities:
        assert "ghost" in str(refusal(of("exposure", ghost=odd)))


def test_fields_of_another_type_are_not_read() -> None:
    event = events.parse(of("page_view", product_id="1", query="q", order_id="x" * 99), now=NOW)
    assert (event.product_id, event.query, event.order_id) == (None, None, None)


def test_each_rail_belongs_to_its_placement() -> None:
    for placement in Placement:
        for rail in RAILS_OF[placement]:
            assert events.parse(of("click", placement=placement, rail=rail), now=NOW).rail is rail
        others = {rail for other in Placement if other is not placement for rail in RAILS_OF[other]}
        for rail in others:
            refusal(of("click", placement=placement, rail=rail))
        unnamed = of("click", placement=placement, rail=None)
        assert events.parse(unnamed, now=NOW).rail is default_rail(placement)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"id": ""}, "field"),
        ({"id": "x" * 65}, "field"),
        ({"id": "a\x00b"}, "field"),
        ({"id": "\ud800"}, "field"),
        ({"type": "song"}, "type"),
        ({"type": None}, "type"),
        ({"type": ["click"]}, "type"),
        ({"placement": "Buy followers"}, "field"),
        ({"placement": None}, "field"),
        ({"rail": {"a": 1}}, "field"),
        ({"age_ms": -1}, "age"),
        ({"age_ms": 86_400_001}, "age"),
        ({"age_ms": 1e300}, "age"),
        ({"age_ms": "5"}, "age"),
        ({"age_ms": True}, "age"),
        ({"age_ms": None}, "age"),
        ({"visitor": "ABCDEF" * 5}, "identity"),
        ({"visitor": "a" * 32 + "\n"}, "identity"),
        ({"visitor": None}, "identity"),
        ({"visitor": None, "client_id": ""}, "identity"),
        ({"client_id": "c" * 65}, "identity"),
        ({"client_id": "a b"}, "identity"),
        ({"client_id": 5}, "identity"),
        ({"product_id": "gid://shopify/Product/1"}, "field"),
        ({"product_id": "9" * 19}, "field"),
        ({"product_id": 10**18}, "field"),
        ({"product_id": -5}, "field"),
        ({"product_id": "٣"}, "field"),
        ({"product_id": 1.0}, "field"),
        ({"product_id": True}, "field"),
        ({"position": 1000}, "field"),
        ({"position": True}, "field"),
        ({"request_id": "r" * 33}, "field"),
        ({"consent": None}, "consent"),
        ({"consent": []}, "consent"),
        ({"consent": {"analytics": "yes"}}, "consent"),
        ({"consent": {"analytics": False}}, "consent"),
    ],
)
def test_an_event_that_does_not_fit_is_refused_and_its_kind_is_known(changes: dict[str, Any], kind: str) -> None:
    assert refusal({**GOOD, **changes}).kind is RefusalKind(kind)


@pytest.mark.parametrize(
    ("type", "changes"),
    [
        ("cart_view", {"products": "1"}),
        ("cart_view", {"products": ["1"] * 101}),
        ("cart_view", {"products": [None]}),
        ("checkout_started", {"products": {"0": "1"}}),
        ("purchase", {"order_id": None}),
        ("add_to_cart", {"quantity": -1}),
        ("add_to_cart", {"quantity": 10**9}),
        ("add_to_cart", {"variant_id": "x"}),
        ("search", {"query": "q" * 201}),
        ("search", {"query": ""}),
        ("page_view", {"path": "/" * 1001}),
        ("page_view", {"path": None}),
        ("identity", {"visitor": None}),
    ],
)
def test_absurd_fields_of_a_type_are_refused(type: str, changes: dict[str, Any]) -> None:
    refusal(of(type, **changes))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  blue\n\tcarafe ", "blue carafe"),
        ("می‌خواهم 👩‍🍳", "می‌خواهم 👩‍🍳"),
        ("a\x00b\x1b", "ab"),
        ("ada@example.com", ""),
        ("+49 (0) 170 123 45 67", ""),
        ("iphone 15 128", "iphone 15 128"),
    ],
)
def test_a_search_is_kept_as_it_was_meant_and_without_what_may_name_a_person(typed: str, kept: str) -> None:
    assert events.parse(of("search", query=typed), now=NOW).query == kept


def test_of_an_address_only_the_path_is_kept() -> None:
    event = events.parse(of("page_view", path="/account?email=ada@example.com#token"), now=NOW)
    assert event.path == "/account"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/products/blue-carafe", "/products/blue-carafe"),
        ("/en-gb/collections/orders/products/1", "/en-gb/collections/orders/products/1"),
        ("/60123/orders/0f1e2d3c4b5a/authenticate", "/60123/orders"),
        ("/de/account/reset/7/0f1e2d3c", "/de/account"),
        ("/checkouts/cn/Z2NwLWV1cm9w/thank-you", "/checkouts"),
        ("/cart/c/0f1e2d3c", "/cart"),
        ("/pages/ada@example.com", ""),
        ("/pages/ada%40example.com", ""),
    ],
)
def test_what_opens_one_persons_page_is_not_kept(path: str, kept: str) -> None:
    assert events.parse(of("page_view", path=path), now=NOW).path == kept


def test_of_an_address_only_its_hash_is_kept_and_what_is_wrong_with_it_is_said_without_it() -> None:
    event = events.parse(of("sign_up", email=" Ada@Example.com "), now=NOW, hash_email=lambda _: "c0de")
    assert (event.email, event.form) == ("c0de", "newsletter")
    for odd in ("ada", "ada@example", "a da@example.com", "ada@example.com\x00", "\ud800@example.com", 7, None):
        assert "ada" not in str(refusal(of("sign_up", email=odd)))
    with pytest.raises(BadEvent):
        events.parse(of("sign_up"), now=NOW)


def test_of_the_tokens_of_carts_and_checkouts_only_hashes_are_kept() -> None:
    names = {"cart": "Z2NwLXVzLWNlbnRyYWwx", "ga4": "123456.1700000000", "kx": "ab_Cd-12.XyZ"}
    event = events.parse(of("identity", **names), now=NOW)
    assert event.cart is not None
    assert "Z2Nw" not in event.cart
    assert (event.ga4, event.kx) == ("123456.1700000000", "ab_Cd-12.XyZ")
    for odd in ({"ga4": "1.2.3"}, {"kx": "<script>aaa"}, {"cart": "short"}):
        refusal(of("identity", **odd))


def test_no_browser_can_say_who_is_signed_in() -> None:
    assert events.parse(of("identity", customer_id="4711"), now=NOW).customer_id is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({*GOOD, "client_id", *(name for fields in OWN_FIELDS.values() for name in fields)})


@given(st.sampled_from(sorted(OWN_FIELDS)), st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_comes_is_an_event_or_a_refusal(type: str, changes: dict[str, Any]) -> None:
    try:
        event = events.parse({**of(type), **changes}, now=NOW, hash_email=lambda address: address.encode().hex())
    except BadEvent:
        return
    assert event.consent["analytics"]
    assert event.visitor or event.client


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 Chrome/1.2.3 Mobile (compatible; bingbot/2.0)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36 Chrome-Lighthouse",
        "curl/8.5.0",
    ],
)
def test_a_program_that_says_what_it_is_is_believed(user_agent: str) -> None:
    assert is_declared_bot(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
        "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0.0.0 Safari/537.36",
    ],
)
def test_a_person_is_no_bot(user_agent: str) -> None:
    assert not is_declared_bot(user_agent)
