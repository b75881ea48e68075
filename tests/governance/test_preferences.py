"""What a shopper sets is honoured by the very next answer, by what is stored, by e-mail and by training."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
import redis
from sqlalchemy import text

from app.adapters.redis import keys
from app.core.events import Event, EventType
from app.core.ids import ClientId, CustomerId, ProductId, VisitorId
from app.core.profiles.preferences import MOST_PRODUCTS
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.services.fold_events import fold_events
from app.services.forget_browser import finish_forgetting
from app.services.store_records import store_records
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.governance.conftest import Say, notes, rows
from tests.serving.conftest import VISITOR, Ask, products_of

ME, CLIENT = VisitorId(VISITOR), ClientId("my-pixel")
ALLOWED = {"analytics": True, "preferences": True, "marketing": False}


def view(wiring: Web, product: int, *, minutes: float = 1, client: str | None = None, name: str = "") -> Event:
    """The visitor looked at a product so many minutes ago."""
    at = wiring.clock.now() - timedelta(minutes=minutes)
    owner = ClientId(client) if client else None
    return Event(
        name or f"v-{product}-{minutes}", EventType.PRODUCT_VIEW, at, ME, owner, ALLOWED, product_id=ProductId(product)
    )


def behave(behind: Worker, shop: Shop, *events: Event) -> None:
    """Let both readers of the stream have the events."""
    records = [(shop.id, event) for event in events]
    fold_events(records, behind.folding)
    store_records(records, behind.storing)


def in_lake(behind: Worker, shop: Shop) -> list[str]:
    from datetime import date

    found = behind.lake.read(shop.id, date.min, date.max, lambda data: data.to_table(columns=["event_id"]).to_pylist())
    return sorted(row["event_id"] for row in found)


def reasons(ask: Ask, **more: object) -> set[str]:
    answer = ask(placement="home", product_id="", limit=3, **more)
    assert answer.json is not None
    return {item["reason"]["code"] for item in answer.json["items"]}


def test_a_shopper_sees_what_is_known_and_why(
    say: Say, behind: Worker, shop: Shop, wiring: Web, full_model: ItemModel
) -> None:
    behave(behind, shop, view(wiring, 6))
    answer = say(visitor=VISITOR).json
    assert answer is not None
    (viewed,) = answer["known"]
    assert (viewed["kind"], viewed["because"]) == ("viewed", "You looked at them in this browser.")
    assert [product["product_id"] for product in viewed["products"]] == ["6"]
    assert answer["settings"] == {"personalise": None, "remember": None, "email": None}


def test_what_a_customer_bought_is_shown_to_the_one_who_is_signed_in_only(
    say: Say, live_redis: redis.Redis, shop: Shop, full_model: ItemModel
) -> None:
    live_redis.rpush(keys.customer(shop.id, 77), 6)
    for answer, kinds in ((say(logged_in_customer_id=77).json, ["bought"]), (say(visitor=VISITOR).json, [])):
        assert answer is not None
        assert [one["kind"] for one in answer["known"]] == kinds


@pytest.mark.parametrize("name", ["visitor", "logged_in_customer_id"])
def test_recommendations_that_are_switched_off_know_nothing_from_the_next_answer_on(
    name: str,
    say: Say,
    ask: Ask,
    behind: Worker,
    shop: Shop,
    wiring: Web,
    full_model: ItemModel,
    live_redis: redis.Redis,
) -> None:
    who = {"visitor": VISITOR} if name == "visitor" else {"logged_in_customer_id": 77}
    behave(behind, shop, view(wiring, 6))
    live_redis.rpush(keys.customer(shop.id, 77), 6)
    assert reasons(ask, **who) != {"trending"}
    assert say({"personalise": False}, **who).status_code == 200
    assert reasons(ask, **who) == {"trending"}
    # Nor does it learn anew, under either of the browser's names.
    behave(behind, shop, view(wiring, 5, minutes=0))
    assert reasons(ask, **who) == {"trending"}
    assert say({"personalise": True}, **who).status_code == 200
    if name == "visitor":
        assert reasons(ask, **who) != {"trending"}


def test_hidden_products_and_kinds_stay_away_and_come_back(
    say: Say, ask: Ask, shop: Shop, full_model: ItemModel, catalogue: psycopg.Connection, wiring: Web
) -> None:
    catalogue.execute("UPDATE products SET product_type = 'Rugs' WHERE id = 3")
    catalogue.commit()
    assert set(products_of(ask(visitor=VISITOR))) >= {2, 3, 4}
    say({"hide": {"product": "2"}}, visitor=VISITOR)
    say({"hide": {"kind": "Rugs"}}, visitor=VISITOR)
    answer = ask(visitor=VISITOR, cards="2,4")
    assert set(products_of(answer)).isdisjoint({2, 3})
    assert answer.json is not None
    assert answer.json["unavailable"] == ["2"], "a card that Liquid has drawn goes too"
    assert set(products_of(ask(visitor="b" * 32))) >= {2, 3, 4}, "others still see them"
    say({"show": {"kind": "Rugs"}}, visitor=VISITOR)
    assert 3 in products_of(ask(visitor=VISITOR))


def test_who_asks_not_to_be_remembered_is_stored_nowhere(
    say: Say, behind: Worker, shop: Shop, wiring: Web, live_redis: redis.Redis
) -> None:
    behave(behind, shop, view(wiring, 6, client=CLIENT, name="before"))
    assert say({"remember": False}, visitor=VISITOR).status_code == 200
    later = view(wiring, 7, minutes=-1, name="later")
    of_the_pixel = Event("pixel", EventType.PAGE_VIEW, later.at, None, CLIENT, ALLOWED, path="/")
    behave(behind, shop, later, of_the_pixel)
    assert in_lake(behind, shop) == ["before"]
    assert not live_redis.exists(keys.visitor(shop.id, ME))
    assert not live_redis.exists(keys.client_state(shop.id, CLIENT))


def test_what_was_looked_at_is_forgotten_everywhere_and_the_settings_stay(
    say: Say, behind: Worker, shop: Shop, wiring: Web, live_redis: redis.Redis
) -> None:
    behave(behind, shop, view(wiring, 6, client=CLIENT, name="mine"))
    other = Event("other", EventType.PAGE_VIEW, wiring.clock.now(), VisitorId("b" * 32), None, ALLOWED, path="/")
    behave(behind, shop, other)
    say({"hide": {"product": "2"}}, visitor=VISITOR)
    assert say({"forget": True}, visitor=VISITOR).status_code == 200
    assert not live_redis.exists(keys.visitor(shop.id, ME)), "at once where serving reads it"
    (note,) = notes(wiring)
    assert VISITOR not in note, "the table of due work is read by all shops"
    said = finish_forgetting(shop.id, note, behind.forgetting_browsers)
    assert {place: one["left"] for place, one in said.items()} == dict.fromkeys(said, 0)
    assert said["lake"]["records"] == 1
    assert in_lake(behind, shop) == ["other"]
    behave(behind, shop, view(wiring, 6, client=CLIENT, name="late"))
    assert in_lake(behind, shop) == ["other"], "what was on its way when it was asked for"
    assert notes(wiring) == []
    assert rows(wiring, shop, "SELECT hidden ->> 'products' FROM shopper_preferences") == [("[2]",)] * 2


def test_training_and_e_mail_leave_out_who_switched_them_off(
    say: Say, wiring: Web, behind: Worker, shop: Shop, catalogue: psycopg.Connection
) -> None:
    for customer in (77, 78):
        catalogue.execute(
            "INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out) "
            "VALUES (%s, %s, 1, 0, 'SUBSCRIBED', false)",
            [shop.id, customer],
        )
    catalogue.commit()
    say({"personalise": False, "email": False}, logged_in_customer_id=77)
    accepting = wiring.email_customers.accepting(shop.id, after=CustomerId(0), limit=9)
    assert list(accepting) == [78]
    assert 77 in wiring_barred(behind, shop)
    say({"personalise": False}, visitor=VISITOR)
    with wiring.database.shop(shop.id) as session:
        session.execute(
            text("INSERT INTO visitor_clients (shop_id, visitor, client, at) VALUES (:shop, :visitor, 'c', now())"),
            {"shop": shop.id, "visitor": VISITOR},
        )
    assert VISITOR in wiring.objectors.browsers(shop.id)


def wiring_barred(behind: Worker, shop: Shop) -> list[int]:
    return [int(customer) for customer in behind.opt_out_asking.history.barred(shop.id)]


def test_each_change_is_kept_as_history_without_the_visitors_id(say: Say, wiring: Web, shop: Shop) -> None:
    for wish in ({"personalise": False}, {"personalise": False}, {"personalise": True, "hide": {"product": 3}}):
        say(wish, visitor=VISITOR)
    found = rows(wiring, shop, "SELECT kind, what, was, became, source FROM consent_changes ORDER BY id")
    assert found == [
        ("visitor", "personalise", "not set", "no", "preferences"),
        ("visitor", "personalise", "no", "yes", "preferences"),
        ("visitor", "hidden", "0 products, 0 kinds", "1 products, 0 kinds", "preferences"),
    ]
    for table in ("consent_changes", "shopper_preferences"):
        assert VISITOR not in str(rows(wiring, shop, f"SELECT * FROM {table}"))


def test_a_lost_copy_is_written_anew_from_what_is_kept_for_good(
    say: Say, ask: Ask, wiring: Web, behind: Worker, shop: Shop, full_model: ItemModel, live_redis: redis.Redis
) -> None:
    say({"hide": {"product": 2}}, visitor=VISITOR)
    for name in live_redis.scan_iter("attune:*:own:*"):
        live_redis.delete(name)
    assert 2 in products_of(ask(visitor=VISITOR))
    assert behind.live_preferences.keep(shop.id, behind.shopper_consents.kept(shop.id)) == 1
    assert 2 not in products_of(ask(visitor=VISITOR))


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "name one of"),
        ({"personalise": "no"}, "true or false"),
        ({"hide": {"product": "x"}}, "numeric"),
        ({"hide": {"colour": "red"}}, "one product or one kind"),
        ({"hide": {"kind": ""}}, "text of 1"),
        ([], "object"),
    ],
)
def test_a_wish_that_cannot_be_understood_is_refused_with_a_sentence(body: object, complaint: str, say: Say) -> None:
    answer = say(body, visitor=VISITOR)
    assert answer.status_code == 400
    assert complaint in answer.text


def test_only_so_much_can_be_hidden(say: Say) -> None:
    for product in range(MOST_PRODUCTS):
        say({"hide": {"product": product}}, visitor=VISITOR)
    assert say({"hide": {"product": MOST_PRODUCTS}}, visitor=VISITOR).status_code == 400


def test_a_form_of_another_site_cannot_change_anything(say: Say) -> None:
    assert say("personalise=false", mimetype="text/plain", logged_in_customer_id=77).status_code == 415


def test_whoever_is_nobody_is_told_so(say: Say) -> None:
    assert say().status_code == 400


def test_a_forged_question_is_refused(client: object, say: Say, wiring: Web) -> None:
    from flask.testing import FlaskClient

    assert isinstance(client, FlaskClient)
    assert client.get(f"/proxy/v1/preferences?visitor={VISITOR}&shop=alice.myshopify.com").status_code == 401
