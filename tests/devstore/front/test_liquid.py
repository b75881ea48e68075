"""Shopify's dialect of Liquid."""

from __future__ import annotations

from typing import Any

import pytest

from devstore.storefront.liquid import LiquidSetup, ListDrop, make_environment, read_source
from devstore.storefront.liquid.money import money, with_currency, without_trailing_zeros
from devstore.storefront.liquid.source import SchemaError
from devstore.storefront.liquid.translate import MissingTranslation

STRINGS = {
    "hello": "Hello {{ name }}",
    "hello_html": "<b>{{ name }}</b>",
    "items": {"one": "one", "other": "{{ count }}"},
}


def render(text: str, **values: Any) -> str:
    environment = make_environment(LiquidSetup("GBP", "/assets", STRINGS))
    return environment.from_string(read_source(text).liquid).render(**values)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "GBP", "£1,234.50"),
        (5, "USD", "$0.05"),
        (0, "EUR", "€0.00"),
        (1000, "SEK", "10.00 SEK"),
        (-250, "GBP", "-£2.50"),
    ],
)
def test_money_is_formatted_in_the_shops_currency(minor: int, currency: str, text: str) -> None:
    assert money(minor, currency) == text


def test_money_of_nothing_is_nothing() -> None:
    assert render("{{ missing | money }}") == ""


def test_money_with_currency_and_without_zeros() -> None:
    assert with_currency(1000, "GBP") == "£10.00 GBP"
    assert without_trailing_zeros(1000, "GBP") == "£10"
    assert without_trailing_zeros(1050, "GBP") == "£10.50"


def test_output_is_not_escaped_as_on_shopify() -> None:
    assert render("{{ title }}", title="<b>") == "<b>"


def test_translations_escape_their_values_unless_the_key_says_html() -> None:
    assert render("{{ 'hello' | t: name: name }}", name="<i>") == "Hello &lt;i&gt;"
    assert render("{{ 'hello_html' | t: name: name }}", name="<i>") == "<b><i></b>"


@pytest.mark.parametrize(("count", "text"), [(1, "one"), (3, "3")])
def test_translations_have_plurals(count: int, text: str) -> None:
    assert render("{{ 'items' | t: count: count }}", count=count) == text


def test_a_missing_translation_is_an_error() -> None:
    with pytest.raises(MissingTranslation, match=r"en\.nope"):
        render("{{ 'nope' | t }}")


def test_names_that_python_liquid_reserves_work_behind_a_dot() -> None:
    settings = {"limit": 4, "with": 5, "gift?": True}
    assert render("{{ s.limit }}{{ s.with }}{% if s.gift? %}!{% endif %}", s=settings) == "45!"


def test_strings_are_left_alone_by_that() -> None:
    assert render("{{ 'a.limit' }}") == "a.limit"


def test_lists_know_their_count() -> None:
    assert render("{{ l.count }}{{ l.size }}{{ l.first }}{{ l.last }}", l=ListDrop([7, 8])) == "2278"


def test_json_is_safe_inside_a_script() -> None:
    assert render("{{ v | json }}", v="</script>&") == '"\\u003c/script\\u003e\\u0026"'


def test_image_tags_carry_size_and_srcset() -> None:
    tag = render("{{ '/a.svg' | image_url: width: 400 | image_tag: widths: '200, 400', class: 'x' }}")
    assert 'src="/a.svg?width=400"' in tag
    assert 'srcset="/a.svg?width=200 200w, /a.svg?width=400 400w"' in tag
    assert 'class="x"' in tag


def test_forms_of_the_theme_post_to_their_address() -> None:
    form = render("{% form 'product', product, class: 'buy' %}x{% endform %}", product=1)
    assert form.startswith('<form method="post" action="/cart/add"')
    assert 'class="buy"' in form


def test_styles_are_rendered_in_place() -> None:
    style = render("{% style %}.a { color: {{ c }} }{% endstyle %}", c="red")
    assert style == "<style data-shopify>.a { color: red }</style>"


def test_the_schema_is_read_and_taken_out() -> None:
    source = read_source('x{% schema %}{"name": "A"}{% endschema %}{% javascript %}1{% endjavascript %}')
    assert (source.liquid, source.schema, source.javascript) == ("x", {"name": "A"}, "1")


@pytest.mark.parametrize("schema", ["{,}", "[]"])
def test_a_broken_schema_is_refused(schema: str) -> None:
    with pytest.raises(SchemaError):
        read_source("{% schema %}" + schema + "{% endschema %}")


@pytest.mark.parametrize("value", [None, "", " ", [], {}])
def test_nothing_is_blank(value: Any) -> None:
    assert render("{% if v == blank %}yes{% endif %}{% unless v != blank %}!{% endunless %}", v=value) == "yes!"


@pytest.mark.parametrize("value", ["x", 0, True, ListDrop([1])])
def test_something_is_not_blank(value: Any) -> None:
    assert render("{% if v != blank %}yes{% endif %}", v=value) == "yes"


def test_what_is_missing_is_nil_everywhere() -> None:
    text = """{% if a.b.c == blank %}1{% endif %}{% if a == nil %}2{% endif %}{% for x in a.b %}no{% endfor %}
    {%- if a contains 1 %}no{% endif %}{% if a > 1 %}no{% endif %}{{ a | map: 'x' | uniq | join: ',' }}{{ a.size }}
    {{- a | default: 3 }}{{ a | plus: 4 }}{{ a | escape }}{% case a %}{% when nil %}5{% endcase %}
    {{- a | strip | size }}"""
    assert render(text) == "123450"
