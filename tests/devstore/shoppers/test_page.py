"""A page as the simulated browsers read it."""

from __future__ import annotations

from devstore.shoppers.page import read

PAGE = """
<html><body><main>
<form method="post" action="/cart/add"><input type="hidden" name="product-id" value="7">
<select name="id"><option value="71" disabled>S</option><option value="72">M</option></select>
<button name="add">Add</button></form>
<attune-recommendations data-placement="product" data-rail="also_viewed" data-product="7" data-collect="http://app/collect"
 data-key="k" data-proxy="/apps/attune"><ul>
<li data-product="1"><a href="/products/one"><img src="x">One</a></li>
<li data-product="2" hidden><a href="/products/two?variant=3">Two</a></li></ul></attune-recommendations>
<ul data-rail="native"><li data-product="3"><a href="/de/products/three">Three</a></li></ul>
<ul><li><a href="/collections/all">All</a></li></ul>
<div data-url="/recommendations/products?product_id=7&amp;section_id=related"></div>
</main></body></html>
"""


def test_rows_are_named_after_who_made_them() -> None:
    rows = read(PAGE, "/products/seven").rows
    assert [(row.name, [card.handle for card in row.cards]) for row in rows] == [
        ("attune:also_viewed", ["one", "two"]),
        ("native", ["three"]),
    ]


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
