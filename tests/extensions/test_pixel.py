"""The web pixel as `shopify app build` bundles it, run in Node's vm: what leaves the browser, when.

Every event that it sends is held to the collector's own parser.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.events import Event, EventType, parse
from app.core.profiles.identity_ties import token_hash
from tests.extensions.node import EXTENSIONS, ROOT, run_node, shopify

pytestmark = pytest.mark.node

PIXEL = EXTENSIONS / "pixel"
BUNDLE = PIXEL / "dist/pixel.js"
SETTINGS = {"collect": "https://app.example.com/collect", "key": "k1", "shop": "a.myshopify.com"}
ALLOWED = {"analyticsProcessingAllowed": True, "preferencesProcessingAllowed": True, "marketingAllowed": False}
DECLINED = dict.fromkeys(ALLOWED, False)
VISITOR = "0123456789abcdef0123456789abcdef"
CLIENT = "5f2c1d3e-aaaa-4bbb-8ccc-0123456789ab"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECRETS = ("ann@example.com", "Ann", "Doe", "High Street", "token=", "utm_", "0171")

TOKEN = "c0ffee-c0ffee"

Step = dict[str, Any]


@dataclass(frozen=True)
class Run:
    sent: list[dict[str, Any]]
    touched: list[list[str]]
    kept: dict[str, str]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for request in self.sent for event in request["body"]["events"]]

    def parsed(self) -> list[Event]:
        now = START + timedelta(hours=1)
        return [parse(event, now=now) for event in self.events]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    result = shopify("app", "build", "--path", ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def run(*steps: Step, privacy: dict[str, bool] = ALLOWED, stored: dict[str, str] | None = None) -> Run:
    scenario = {"settings": SETTINGS, "privacy": privacy, "stored": stored or {}, "steps": steps}
    result = run_node("tests/extensions/pixel.mjs", BUNDLE, json.dumps(scenario))
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    return Run(told["sent"], told["touched"], told["kept"])


def event(name: str, number: int = 1, **data: Any) -> Step:
    location = {
        "pathname": "/products/a-lamp",
        "href": "https://a.example/products/a-lamp?token=1&utm_x=2",
        "search": "?token=1",
    }
    context = {"document": {"location": location, "title": "Ann Doe's page", "referrer": "https://b.example/?token=2"}}
    return {"event": {"id": f"sh-{number}", "name": name, "clientId": CLIENT, "context": context, "data": data}}


def variant(product: object = 11, number: object = 22) -> dict[str, Any]:
    return {"id": number, "product": {"id": product, "title": "A lamp"}, "price": {"amount": 1.0}, "title": "Big"}


def checkout() -> dict[str, Any]:
    person = {"firstName": "Ann", "lastName": "Doe", "address1": "High Street 1", "phone": "0171 2345678"}
    return {
        "email": "ann@example.com",
        "phone": "0171 2345678",
        "shippingAddress": person,
        "billingAddress": person,
        "token": TOKEN,
        "order": {"id": "gid://shopify/OrderIdentity/77", "customer": {"id": "5"}},
        "lineItems": [
            {"title": "Ann Doe's lamp", "variant": variant(), "quantity": 2},
            {"variant": variant("12", "23")},
        ],
    }


EVERYTHING = [
    event("page_viewed", 1),
    event("product_viewed", 2, productVariant=variant()),
    event("collection_viewed", 3, collection={"id": "gid://shopify/Collection/33", "title": "Lamps"}),
    event("search_submitted", 4, searchResult={"query": " red lamp ", "productVariants": []}),
    event("cart_viewed", 5, cart={"lines": [{"merchandise": variant()}, {"merchandise": variant()}]}),
    event("product_added_to_cart", 6, cartLine={"merchandise": variant("gid://shopify/Product/11"), "quantity": 2}),
    event("product_removed_from_cart", 7, cartLine={"merchandise": variant(), "quantity": 1}),
    event("checkout_started", 8, checkout=checkout()),
    event("checkout_completed", 9, checkout=checkout()),
]  # fmt: skip


def moment(ago_ms: int) -> str:
    return str(round((START - timedelta(milliseconds=ago_ms)).timestamp() * 1000))


def known(since_ago: int = 60_000) -> dict[str, str]:
    """What the theme keeps of a visitor who agreed so many milliseconds before the pixel was loaded."""
    return {"attune:visitor": VISITOR, "attune:since": moment(since_ago)}


def identity(visitor: object = VISITOR) -> Step:
    return {"event": {"id": "c1", "name": "attune:visitor", "clientId": CLIENT, "customData": {"visitor": visitor}}}


def test_each_of_shopifys_events_becomes_one_of_ours() -> None:
    found = {found.type: found for found in run(*EVERYTHING).parsed()}
    from_the_theme = {EventType.EXPOSURE, EventType.CLICK, EventType.IDENTITY, EventType.SIGN_UP}
    assert set(found) == set(EventType) - from_the_theme
    assert found[EventType.CHECKOUT_STARTED].checkout == found[EventType.PURCHASE].checkout == token_hash(TOKEN)
    assert found[EventType.PAGE_VIEW].path == "/products/a-lamp"
    assert (found[EventType.PRODUCT_VIEW].product_id, found[EventType.PRODUCT_VIEW].variant_id) == (11, 22)
    assert found[EventType.COLLECTION_VIEW].collection_id == 33
    assert found[EventType.SEARCH].query == "red lamp"
    assert found[EventType.CART_VIEW].products == (11,)
    assert (found[EventType.ADD_TO_CART].product_id, found[EventType.ADD_TO_CART].quantity) == (11, 2)
    assert (found[EventType.PURCHASE].order_id, found[EventType.PURCHASE].products) == (77, (11, 12))
    assert {one.client for one in found.values()} == {CLIENT}


def test_nothing_that_names_a_person_is_sent() -> None:
    bodies = json.dumps([request["body"] for request in run(*EVERYTHING).sent])
    assert len(bodies) > 1000
    assert [secret for secret in SECRETS if secret in bodies] == []


@pytest.mark.parametrize("query", ["ann@example.com", "call 0171 2345678", "  ", None])
def test_a_search_for_a_person_or_for_nothing_is_not_sent(query: str | None) -> None:
    assert run(event("search_submitted", searchResult={"query": query}), {"wait": 3000}).sent == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/checkouts/cn/abcdef123", "/checkouts"),
        ("/de/account/orders/abc", "/de/account"),
        ("/123456/orders/abcdef", "/123456/orders"),
        ("/cart/c/abcdef", "/cart"),
        ("/authentication/123/oauth", "/authentication"),
        ("/collections/account-books", "/collections/account-books"),
    ],
)
def test_what_belongs_to_one_person_is_cut_off_an_address(path: str, sent: str) -> None:
    viewed = event("page_viewed")
    viewed["event"]["context"]["document"]["location"]["pathname"] = path
    assert run(viewed, {"wait": 2000}).events[0]["path"] == sent


def test_ten_events_go_at_once_and_fewer_after_two_seconds() -> None:
    many = [event("page_viewed", number) for number in range(12)]
    done = run(*many, {"wait": 1999}, {"wait": 1})
    assert [len(request["body"]["events"]) for request in done.sent] == [10, 2]
    assert [request["at"] - done.sent[0]["at"] for request in done.sent] == [0, 2000]


def test_what_a_page_tells_first_is_sent_before_a_hasty_visitor_leaves_it() -> None:
    hasty = run(event("page_viewed", 1), event("product_viewed", 2, productVariant=variant()), {"wait": 300})
    assert [one["id"] for one in hasty.events] == ["sh-1", "sh-2"]
    assert run(event("page_viewed"), {"wait": 299}).sent == []
    later = run(event("page_viewed", 1), {"wait": 300}, event("page_viewed", 2), {"wait": 1999}, {"wait": 1})
    assert [request["at"] - later.sent[0]["at"] for request in later.sent] == [0, 2000]


def test_requests_outlive_the_page_and_need_no_preflight() -> None:
    request = run(event("page_viewed"), {"wait": 2000}).sent[0]
    assert (request["url"], request["method"], request["keepalive"]) == (SETTINGS["collect"], "POST", True)
    assert request["headers"] == {"Content-Type": "text/plain"}
    assert (request["body"]["key"], request["body"]["shop"]) == ("k1", "a.myshopify.com")


def test_a_purchase_does_not_wait() -> None:
    done = run(event("page_viewed", 1), event("checkout_completed", 2, checkout=checkout()))
    assert [one["type"] for one in done.events] == ["page_view", "purchase"]


def test_age_is_measured_when_an_event_is_sent() -> None:
    done = run(event("page_viewed", 1), {"wait": 200}, event("page_viewed", 2), {"wait": 100})
    assert [one["age_ms"] for one in done.events] == [300, 100]


def test_the_themes_id_is_remembered_from_its_event() -> None:
    done = run(event("page_viewed", 1), identity(), event("page_viewed", 2), {"wait": 2000})
    assert [(one["type"], one["visitor"], one["client_id"]) for one in done.events] == [
        ("page_view", VISITOR, CLIENT), ("identity", VISITOR, CLIENT), ("page_view", VISITOR, CLIENT),
    ]  # fmt: skip
    assert [one.type for one in done.parsed()][1] is EventType.IDENTITY


def test_the_themes_id_is_found_on_later_pages_and_nothing_is_stored() -> None:
    done = run(event("page_viewed"), {"wait": 2000}, stored=known())
    assert done.events[0]["visitor"] == VISITOR
    assert {what for _, what, _ in done.touched} == {"read"}


# What happened on the page before the pixel was loaded, which Shopify tells it all the same


def late(name: str, ago: int, number: int = 1, **data: Any) -> Step:
    return {**event(name, number, **data), "ago": ago}


def test_what_happened_before_the_consent_is_not_sent() -> None:
    done = run(late("page_viewed", 9000, 1), late("product_viewed", 3000, 2, productVariant=variant()),
               {"wait": 5000}, stored=known(since_ago=4000))  # fmt: skip
    assert [(one["id"], one["age_ms"]) for one in done.events] == [("sh-2", 3300)]


def test_where_the_theme_says_the_moment_later_it_is_waited_for() -> None:
    done = run(late("page_viewed", 9000, 1), late("page_viewed", 3000, 2), {"wait": 500},
               {"store": known(since_ago=4000)}, identity(), {"wait": 5000})  # fmt: skip
    assert {one["id"] for one in done.events} == {"sh-2", "c1"}


def test_where_nobody_knows_the_moment_it_is_that_of_the_first_load() -> None:
    done = run(late("page_viewed", 1, 1), event("page_viewed", 2), {"wait": 5000})
    assert [one["id"] for one in done.events] == ["sh-2"]
    assert done.kept == {"attune:since": moment(0)}
    later = run(late("page_viewed", 1, 1), {"wait": 5000}, stored={"attune:since": moment(60_000)})
    assert [one["id"] for one in later.events] == ["sh-1"]


def test_withdrawal_forgets_the_moment_and_a_new_consent_counts_from_then() -> None:
    done = run({"consent": DECLINED}, {"wait": 10_000}, {"consent": ALLOWED}, late("page_viewed", 1000, 1),
               event("page_viewed", 2), {"wait": 5000}, stored=known())  # fmt: skip
    assert [one["id"] for one in done.events] == ["sh-2"]
    assert done.kept["attune:since"] == moment(-10_000)


def test_a_purchase_from_before_the_pixel_does_not_wait_either() -> None:
    bought = late("checkout_completed", 800, checkout=checkout())
    assert [one["type"] for one in run(bought, stored=known()).events] == ["purchase"]


def test_withdrawal_in_another_tab_silences_it_until_a_new_id_comes() -> None:
    gone = run(event("page_viewed", 1), identity(None), event("page_viewed", 2), {"wait": 5000}, stored=known())
    assert gone.sent == []
    other = "f" * 32
    back = run(identity(None), event("page_viewed", 1), identity(other), event("page_viewed", 2), {"wait": 5000})
    assert [(one["id"], one["visitor"]) for one in back.events] == [("c1", other), ("sh-2", other)]


def test_an_id_without_consent_makes_nothing_speak() -> None:
    assert run({"consent": DECLINED}, identity(), event("page_viewed"), {"wait": 5000}).sent == []


@pytest.mark.parametrize("claimed", ["someone@example.com", "", 5, ["a"]])
def test_an_id_of_another_shape_is_none(claimed: Any) -> None:
    done = run(identity(claimed), event("page_viewed"), {"wait": 2000})
    assert [(one["type"], one.get("visitor")) for one in done.events] == [("page_view", None)]


def test_an_event_carries_the_consent_of_its_moment() -> None:
    more = ALLOWED | {"marketingAllowed": True}
    done = run(event("page_viewed", 1), {"consent": more}, event("page_viewed", 2), {"wait": 2000})
    assert [one["consent"]["marketing"] for one in done.events] == [False, True]
    assert done.events[0]["consent"] == {"analytics": True, "preferences": True, "marketing": False}


@pytest.mark.parametrize("withdrawn", ["analyticsProcessingAllowed", "preferencesProcessingAllowed"])
def test_withdrawal_silences_it_at_once_with_all_that_waited(withdrawn: str) -> None:
    less = ALLOWED | {withdrawn: False}
    done = run(event("page_viewed", 1), {"consent": less}, event("page_viewed", 2), identity(), {"wait": 5000})
    assert done.sent == []


def test_consent_given_again_makes_it_speak_again_without_the_old_id() -> None:
    done = run(
        identity(), {"wait": 2000}, {"consent": DECLINED}, {"consent": ALLOWED}, event("page_viewed"), {"wait": 2000}
    )
    assert [(one["type"], one.get("visitor")) for one in done.events] == [("identity", VISITOR), ("page_view", None)]


def test_without_consent_it_reads_nothing_either() -> None:
    done = run(*EVERYTHING, identity(), {"wait": 5000}, privacy=DECLINED, stored=known())
    assert (done.sent, done.touched) == ([], [])


@pytest.mark.parametrize("answer", ["lost", 500, 503])
def test_what_did_not_arrive_is_sent_once_more_with_the_next(answer: object) -> None:
    steps = [event("page_viewed", 1), {"answers": [answer]}, {"wait": 2000}, event("page_viewed", 2), {"wait": 2000}]
    done = run(*steps, {"wait": 60_000})
    assert [[one["id"] for one in request["body"]["events"]] for request in done.sent] == [["sh-1"], ["sh-1", "sh-2"]]


def test_what_failed_twice_is_given_up() -> None:
    done = run(event("page_viewed"), {"answers": ["lost", "lost", "lost"]}, {"wait": 60_000})
    assert len(done.sent) == 2


@pytest.mark.parametrize("status", [400, 413, 429])
def test_what_was_refused_is_not_sent_again(status: int) -> None:
    assert len(run(event("page_viewed"), {"answers": [status]}, {"wait": 60_000}).sent) == 1


def test_without_a_network_the_queue_stays_short() -> None:
    steps = [event("page_viewed", number) for number in range(200)]
    done = run({"answers": ["lost"] * 1000}, *steps, {"wait": 60_000})
    assert len(done.sent) <= 41
    assert all(len(request["body"]["events"]) <= 10 for request in done.sent)


@pytest.mark.parametrize(
    "broken",
    [
        event("product_viewed", productVariant=None),
        event("product_viewed", productVariant={"id": None, "product": {"id": None}}),
        event("collection_viewed", collection=None),
        event("product_added_to_cart", cartLine=None),
        event("checkout_completed", checkout={"order": None}),
    ],
    ids=lambda step: str(step["event"]["name"]),
)
def test_an_event_without_its_subject_is_passed_over(broken: Step) -> None:
    assert run(broken, {"wait": 3000}).sent == []


def test_the_source_has_the_one_import_that_a_sandbox_can_replace() -> None:
    source = (PIXEL / "src/index.js").read_text()
    imports = [line for line in source.splitlines() if "import" in line.split("//")[0].split()[:1]]
    assert imports == ['import { register } from "@shopify/web-pixels-extension";']
    assert "require(" not in source


def test_it_loads_for_analytics_and_preferences_and_nothing_else() -> None:
    raw = tomllib.loads((PIXEL / "shopify.extension.toml").read_text())
    assert raw["type"] == "web_pixel_extension"
    assert raw["runtime_context"] == "strict"
    assert raw["customer_privacy"] == {
        "analytics": True, "preferences": True, "marketing": False, "sale_of_data": "disabled",
    }  # fmt: skip
    assert set(raw["settings"]["fields"]) == set(SETTINGS)
