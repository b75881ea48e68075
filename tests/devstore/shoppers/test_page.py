"""A page as the simulated browsers read it."""

from __future__ import annotations

import pytest

from devstore.shoppers.page import answer_of, read

PAGE = """
<html><head><script id="web-pixels-manager-setup" type="application/json">
{"privacy": {"needed": true}, "pixels": [], "events": [{"name": "page_viewed", "data": {"a": "</ul>"}}]}</script></head>
<body class="template-product"><main>
<form method="post" action="/cart/add"><input type="hidden" name="product-id" value="7">
<select name="id"><option value="71" disabled>S</option><option value="72">M</option></select>
<button name="add">Add</button></form>
<attune-recommendations data-placement="product" data-rail="also_viewed" data-product="7" data-collect="http://app/collect"
 data-key="k" data-proxy="/apps/attune"><ul>
<li data-product="1"><a href="/products/one"><img src="x">One</a></li>
<li data-product="2" hidden><a href="/products/two?variant=3">Two</a></li></ul></attune-recommendations>
<ul data-rail="native"><li data-product="3"><a href="/de/products/three">Three</a></li></ul>
<ul><li><a href="/collections/all">All</a></li></ul>
<ul class="grid"><li><a href="/products/four">Four</a></li></ul>
<ul class="drawer__items"><li><a href="/products/five">In the cart</a></li></ul>
<div data-url="/recommendations/products?product_id=7&amp;section_id=related"></div>
</main></body></html>
"""


def test_rows_are_named_after_who_made_them() -> None:
    rows = read(PAGE, "/products/seven").rows
    assert [(row.name, [card.handle for card in row.cards]) for row in rows] == [
        ("attune:also_viewed", ["one", "two"]),
        ("native", ["three"]),
        ("theme:product", ["four"]),
    ]


@pytest.mark.parametrize(
    ("body", "name"),
    [("template-index", "theme:home"), ("x template-search", "theme:search"), ("", "theme:part")],
)
def test_the_themes_own_lists_are_told_apart_by_the_kind_of_page(body: str, name: str) -> None:
    page = read(f'<body class="{body}"><ul class="grid"><li><a href="/products/a">A</a></li></ul></body>', "/")
    assert [row.name for row in page.rows] == [name]


def test_the_lines_of_a_cart_are_no_row_of_offers() -> None:
    assert "five" not in {card.handle for row in read(PAGE, "/").rows for card in row.cards}


def test_what_the_page_tells_shopifys_script_is_read_whole() -> None:
    assert read(PAGE, "/").setup["events"] == [{"name": "page_viewed", "data": {"a": "</ul>"}}]
    assert read('<script id="web-pixels-manager-setup">{broken</script>', "/").setup == {}


def test_cards_that_come_without_a_list_are_read_with_their_answer() -> None:
    card = '<li class="attune-card" data-product="1" data-request="r"><a href="/products/one">One</a></li>'
    answer = answer_of(card, "/apps/attune/v1/rail")
    assert [(found.handle, found.request) for found in answer.cards] == [("one", "r")]
    assert (answer.show, answer.stale) == ("ours", False)


def test_what_an_answer_says_beside_its_cards_stands_in_a_template() -> None:
    answer = answer_of('<template data-attune-answer data-request="r" data-show="empty" data-stale></template>', "/")
    assert (answer.request, answer.show, answer.stale, answer.cards) == ("r", "empty", True, ())


def test_a_rail_in_its_other_place_is_known_and_what_stands_in_a_template_is_none() -> None:
    cards = '<ul><li><a href="/products/a">A</a></li></ul>'
    rail = f'<attune-recommendations data-rail="for_you">{cards}</attune-recommendations>'
    html = f'<section class="attune" data-place="alternative" hidden>{rail}</section><template>{rail}</template>{rail}'
    page = read(html, "/")
    assert [(row.place, row.hidden) for row in page.rows] == [("alternative", True), ("", False)]
    assert [row.name for row in page.spare] == ["attune:for_you"]


def test_the_drawers_rail_is_known_where_the_theme_has_a_drawer() -> None:
    tracker = '<attune-tracker data-drawer="cart-drawer" data-cart-url="/cart"></attune-tracker>'
    assert read(tracker, "/").tracker == {}
    assert read(f"{tracker}<cart-drawer></cart-drawer>", "/").tracker["cart-url"] == "/cart"


def test_hidden_cards_are_read_but_not_shown() -> None:
    assert [card.handle for card in read(PAGE, "/").rows[0].shown] == ["one"]


def test_the_buy_form_offers_what_is_not_sold_out() -> None:
    page = read(PAGE, "/products/seven")
    assert (page.form["id"], page.form["product-id"], page.sold_out) == ("72", "7", False)


def test_the_page_says_where_events_go_and_what_the_theme_loads() -> None:
    page = read(PAGE, "/products/seven")
    assert (page.settings["collect"], page.settings["key"]) == ("http://app/collect", "k")
    assert page.sections == ["/recommendations/products?product_id=7&section_id=related"]


def test_a_product_page_knows_its_handle_in_every_market() -> None:
    assert read("", "/products/seven?variant=1").handle == "seven"
    assert read("", "/de/products/seven").handle == "seven"
    assert read("", "/collections/all").handle is None


def test_broken_html_is_read_as_far_as_it_goes() -> None:
    assert read("<ul><li><a href='/products/a'><ul></li></div>", "/").status == 200
