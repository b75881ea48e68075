"""What Liquid sees of the app's own data, and how many products it may name."""

from __future__ import annotations

import json
from pathlib import Path

from devstore.model import Metafield
from devstore.storefront import liquid_errors
from tests.devstore.front.shop import Shop, open_shop, options
from tests.devstore.front.test_extension import extended

PAGE = "/products/speckled-stoneware-mug"


def app_json(shop: Shop, key: str, value: object) -> None:
    owner = f"gid://shopify/AppInstallation/{shop.store.app_installation_id}"
    field = Metafield(1, "attune", key, "json", json.dumps(value), shop.store.clock.now())
    shop.store.metafields(owner)["attune", key] = field


def test_json_of_the_installation_is_walked_like_an_object(tmp_path: Path) -> None:
    markup = """{%- assign home = app.metafields.attune.home.value -%}
    [{{ home.reason }}:{{ home.handles.size }}:{{ home.handles.first }}:
    {%- for h in home.handles %}{{ h }},{% endfor %}]"""
    shop = extended(tmp_path, markup)
    app_json(shop, "home", {"reason": "trending", "handles": ["a", "b"]})
    assert "[trending:2:a:a,b,]" in shop.page(PAGE)


def test_the_twenty_first_handle_gives_nothing_and_is_noted(tmp_path: Path) -> None:
    markup = """{%- for h in app.metafields.attune.home.value -%}{%- assign p = all_products[h] -%}
    {%- if p %}<i data-found></i>{% endif -%}{%- endfor -%}"""
    shop = extended(tmp_path, markup)
    handles = [p.handle for p in shop.store.products.values() if p.status == "ACTIVE"]
    app_json(shop, "home", [*handles[:20], handles[0]])
    assert shop.page(PAGE).count("data-found") == 21
    assert not liquid_errors
    app_json(shop, "home", handles[:22])
    assert shop.page(PAGE).count("data-found") == 20
    assert [handles[20] in error for error in liquid_errors] == [True, False]


def test_hostile_titles_are_text_on_every_page() -> None:
    shop = open_shop(options())
    title = '"><script>alert(1)</script>'
    for product in list(shop.store.products.values()):
        shop.store.update_product(product.id, title=title)
    for collection in list(shop.store.collections.values()):
        shop.store.update_collection(collection.id, title=title)
    shop.theme.update({"random_rail": True})
    mug = shop.product("speckled-stoneware-mug")
    client = shop.client()
    client.post("/cart/add.js", json={"id": mug.variants[0].id})
    related = f"/recommendations/products?product_id={mug.id}&section_id=related-products"
    paths = ("/", "/collections", "/collections/kitchen", PAGE, "/search?q=script", "/cart", "/checkout", related,
             "/search/suggest?q=script&section_id=predictive-search", f"/de{PAGE}")  # fmt: skip
    for path in paths:
        assert "<script>alert" not in shop.page(path, client), path
