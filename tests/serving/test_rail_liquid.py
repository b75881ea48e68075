"""Cards by `/proxy/v1/rail`: what Shopify renders of them is what the extension draws, and nothing breaks out."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as some

from app.adapters.redis import keys
from app.adapters.redis.event_stream import record_of
from app.adapters.shelves.shelf import CatalogShelf
from app.core.ids import ProductId, RequestId
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Candidate, Rail, Reason, ReasonCode, Strategy
from app.core.shops import Shop
from app.ports import Decision
from app.services.serve_recommendations import Answer, Item
from app.web.rail_liquid import EMPTY, STRINGS, is_plain, rail_liquid
from app.web.storefront import LIQUID
from app.wiring.web import Web
from devstore.server import serving
from devstore.storefront.blocks import liquid_errors
from devstore.worlds import build
from tests.devstore.front.shop import Shop as Store
from tests.devstore.front.shop import open_shop, options
from tests.serving.conftest import Ask

EXTENSION = Path(__file__).resolve().parents[2] / "extensions" / "recommendations"
LOCALES = {"en": "en.default.json", "de": "de.json", "fr": "fr.json", "es": "es.json"}
FORBIDDEN = "'\"{}%|,<>&[]\\`= \n\r\t"
HOSTILE = (
    "a'}}{{ shop.name }}",
    "a' | split: ',' %}{% assign x = '",
    "a','b",
    'a"><script>alert(1)</script>',
    "a{% raw %}",
    "a b",
    "a\n",
    "a\u200f",
    "[request]",
    "",
    "x" * 256,
)


def answer_of(*handles: str, code: ReasonCode = ReasonCode.TRENDING) -> Answer:
    items = tuple(
        Item(Candidate(ProductId(number), 1.0, Reason(code)), handle, b"", "") for number, handle in enumerate(handles)
    )
    return Answer(RequestId("the-request"), Rail.FOR_YOU, Strategy.TRENDING, "default", items, None, (), mapped=True)


# -- The route ---------------------------------------------------------------------------------------------------------


def test_the_route_answers_with_liquid_that_has_no_layout(full_model: ItemModel, ask: Ask) -> None:
    answer = ask(route="rail", limit=2)
    assert answer.status_code == 200
    assert answer.mimetype == "application/liquid"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("{% layout none %}")
    assert "'product-2,product-3'" in answer.text


def test_cards_carry_the_request_that_the_record_has(
    full_model: ItemModel, ask: Ask, wiring: Web, live_redis: redis.Redis
) -> None:
    text = ask(route="rail", placement="cart", cart="1", limit=3).text
    wiring.decisions.flush()
    entries: Any = live_redis.xrange(keys.EVENTS)
    (record,) = [record_of(fields)[1] for _, fields in entries]
    assert isinstance(record, Decision)
    assert f'data-request="{record.request_id}"' in text
    assert (record.placement, record.rail, len(record.items)) == ("cart", "goes_well", 3)


def test_at_most_twenty_cards_are_asked_for(full_model: ItemModel, ask: Ask) -> None:
    assert ask(route="rail", limit=20).status_code == 200
    assert ask(route="rail", limit=21).status_code == 400


@pytest.mark.parametrize(
    ("locale", "word"),
    [
        ("de", "Ab "),
        ("de-CH", "Ab "),
        ("fr", "À partir de "),
        ("es", "Desde "),
        ("en-GB", "From "),
        ("xx", "From "),
        ("", "From "),
    ],
)
def test_the_cards_speak_the_pages_language(full_model: ItemModel, ask: Ask, locale: str, word: str) -> None:
    assert f"{word}{{{{ price }}}}" in ask(route="rail", locale=locale).text


NO_CARDS = re.escape(EMPTY) + rb'<template data-attune-answer data-request="[\w-]+" data-show="ours"></template>'


def test_nothing_to_show_is_an_answer_without_cards_or_layout(mapped: None, ask: Ask) -> None:
    assert re.fullmatch(NO_CARDS, ask(route="rail", rail="also_viewed").data)


def test_a_failure_inside_is_an_answer_without_cards_and_counted(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop
) -> None:
    broken = wiring.shelves.mapped(shop.id)
    assert isinstance(broken, CatalogShelf)
    broken.handles.clear()
    answer = ask(route="rail")
    assert answer.status_code == 200
    assert re.fullmatch(NO_CARDS, answer.data)
    assert wiring.counters.totals()["recommendations_failed"] == 1


def test_a_stranger_gets_a_problem_document(full_model: ItemModel, ask: Ask, client: Any) -> None:
    answer = client.get("/proxy/v1/rail?shop=alice.myshopify.com")
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


# -- Hostile handles and titles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("handle", HOSTILE)
def test_a_hostile_handle_is_left_out_and_its_neighbours_stay(handle: str) -> None:
    text = rail_liquid(answer_of("cup", handle, "saucer"), {}).decode()
    assert "'cup,saucer'" in text
    assert "'0,2'" in text
    assert not handle.strip() or handle == "[request]" or handle not in text


@given(some.text(max_size=12))
def test_no_handle_that_is_let_in_can_end_a_liquid_string(handle: str) -> None:
    if is_plain(handle):
        assert not set(handle) & set(FORBIDDEN)


@pytest.mark.parametrize("handle", ["glass-jar", "Tasse_2", "größe-42", "湯呑み", "चाय-का-प्याला", "كوب"])
def test_handles_of_every_language_are_let_in(handle: str) -> None:
    assert is_plain(handle)


def test_titles_and_reasons_are_no_part_of_the_liquid(
    full_model: ItemModel, ask: Ask, wiring: Web, shop: Shop, catalogue: psycopg.Connection
) -> None:
    catalogue.execute("UPDATE products SET title = '{{ shop.name }}<script>alert(1)</script>'")
    catalogue.commit()
    wiring.shelves.map_now(shop.id)
    text = ask(route="rail").text
    assert "alert" not in text
    assert "shop.name" not in text


# -- The same as the extension's ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", STRINGS)
def test_the_strings_are_those_of_the_extension(language: str) -> None:
    theirs = json.loads((EXTENSION / "locales" / LOCALES[language]).read_text(encoding="utf-8"))["card"]
    assert STRINGS[language] == theirs


HANDLES = tuple(product.handle for product in itertools.islice(build("small").products, 8))
PAGE = """
{%- assign handles = 'HANDLES' | split: ',' -%}
{%- for handle in handles -%}
  {%- assign item = all_products[handle] -%}
  {%- render 'card', item: item, position: forloop.index0, shown: 99, left_out: ',' -%}
{%- endfor -%}
{% schema %}
{ "name": "Cards", "target": "section", "enabled_on": { "templates": ["index"] }, "settings": [] }
{% endschema %}
""".replace("HANDLES", ",".join(HANDLES))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A storefront with two ways to the same cards: `/` by the extension's snippet, the app proxy by our Liquid."""
    shutil.copytree(EXTENSION, tmp_path / "recommendations")
    for block in (tmp_path / "recommendations" / "blocks").iterdir():
        block.unlink()
    (tmp_path / "recommendations" / "blocks" / "cards.liquid").write_text(PAGE, encoding="utf-8")
    app = Flask("app")

    @app.get("/proxy/v1/rail")
    def rail() -> Response:
        return Response(rail_liquid(answer_of(*HANDLES), {}), headers=LIQUID)

    with serving(app) as origin:
        yield open_shop(options(app_url=origin, extensions=tmp_path))


def cards(page: str) -> list[str]:
    """The cards of a page, without what only an answer knows, and without what HTML does not tell apart."""
    found = re.findall(r'<li class="attune-card".*?</li>', page, re.DOTALL)
    plain = [re.sub(r' data-(request|reason)="[^"]*"', "", card) for card in found]
    return [re.sub(r"\s+", " ", re.sub(r"\s*(<[^>]+>)\s*", r"\1", card)) for card in plain]


def both(store: Store) -> tuple[list[str], list[str]]:
    ours, theirs = cards(store.page("/apps/attune/v1/rail")), cards(store.page("/"))
    assert not liquid_errors, list(liquid_errors)
    return ours, theirs


def test_the_cards_are_those_that_the_extension_draws(store: Store) -> None:
    cheaper, dearer = store.product(HANDLES[0]), store.product(HANDLES[1])
    cheaper.variants[0].price //= 2
    for variant in dearer.variants:
        variant.price, variant.compare_at_price = 1999, 4999
    store.product(HANDLES[2]).title = "{{ shop.name }} <b onclick='alert(1)'>\"Ü\"</b> {% raw %}"
    ours, theirs = both(store)
    assert ours == theirs
    assert len(ours) == len(HANDLES)
    assert any("From " in card for card in ours)
    assert any("Sale price" in card for card in ours)
    assert "&lt;b onclick=" in ours[2]


def test_cards_say_which_answer_brought_them_and_why(store: Store) -> None:
    page = store.page("/apps/attune/v1/rail")
    cards = page.partition("</template>")[2]
    assert cards.count('data-request="the-request"') == cards.count('data-reason="trending"') == len(HANDLES)


def test_what_cannot_be_bought_when_it_is_drawn_is_left_out(store: Store) -> None:
    sold_out, free, gift, carted = (store.product(handle) for handle in HANDLES[:4])
    for variant in sold_out.variants:
        variant.quantity, variant.tracked, variant.oversell = 0, True, False
    for variant in free.variants:
        variant.price = 0
    gift.is_gift_card = True
    client = store.client()
    added = client.post("/cart/add.js", json={"items": [{"id": carted.variants[0].id, "quantity": 1}]})
    assert added.status_code == 200
    drawn = cards(store.page("/apps/attune/v1/rail", client))
    assert [re.findall(r'data-position="(\d+)"', card)[0] for card in drawn] == ["4", "5", "6", "7"]


def test_a_product_that_the_store_does_not_know_is_no_card(store: Store) -> None:
    gone = store.product(HANDLES[0])
    gone.status = "DRAFT"
    assert len(cards(store.page("/apps/attune/v1/rail"))) == len(HANDLES) - 1
