"""The app's theme extension on the pages of the shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstore.model import Metafield
from devstore.storefront import liquid_errors
from tests.devstore.front.shop import Shop, open_shop, options, rail

PAGE = "/products/speckled-stoneware-mug"
MUG, JAR, SOAP, DRAFT = "speckled-stoneware-mug", "glass-pantry-jar", "oat-milk-soap-bar", "rain-gauge-spring-edition"


def app_data(shop: Shop, key: str, value: str, kind: str = "single_line_text_field") -> None:
    owner = f"gid://shopify/AppInstallation/{shop.store.app_installation_id}"
    shop.store.metafields(owner)["attune", key] = Metafield(1, "attune", key, kind, value, shop.store.clock.now())


def extended(folder: Path, markup: str) -> Shop:
    """The shop with one block of this markup on its product pages."""
    (folder / "one" / "blocks").mkdir(parents=True)
    (folder / "one" / "shopify.extension.toml").write_text('type = "theme"\nname = "one"\n')
    schema = '{"name": "One", "target": "section"}'
    (folder / "one" / "blocks" / "one.liquid").write_text(markup + "{% schema %}" + schema + "{% endschema %}")
    return open_shop(options(extensions=folder))


def test_the_block_shows_the_products_of_the_apps_metafield(shop: Shop) -> None:
    shop.recommend(MUG, JAR, SOAP)
    assert rail(shop.page(PAGE)) == ["Glass Pantry Jar", "Oat Milk Soap Bar"]


def test_products_that_are_no_longer_sold_drop_out(shop: Shop) -> None:
    shop.recommend(MUG, DRAFT, JAR, SOAP)
    shop.store.update_product(shop.product(SOAP).id, status="ARCHIVED")
    page = shop.page(PAGE)
    assert rail(page) == ["Glass Pantry Jar"]
    assert 'data-count="1"' in page


def test_a_deleted_product_drops_out(shop: Shop) -> None:
    shop.recommend(MUG, JAR, SOAP)
    shop.store.delete_product(shop.product(JAR).id)
    assert rail(shop.page(PAGE)) == ["Oat Milk Soap Bar"]


def test_a_metafield_that_the_toml_keeps_from_the_storefront_is_empty(shop: Shop) -> None:
    shop.set_metafield(MUG, "secret", "single_line_text_field", "hush")
    assert "hush" not in shop.page(PAGE)


def test_settings_are_the_schemas_defaults_and_products_fill_in_themselves(shop: Shop) -> None:
    page = shop.page(PAGE)
    assert 'data-limit="4"' in page
    assert f'data-for="{MUG}"' in page
    assert "<h2>4 things</h2>" in page


def test_each_asset_is_loaded_once_and_asynchronously(shop: Shop) -> None:
    page = shop.page(PAGE)
    assert page.count('<script src="/cdn/extensions/tiny/assets/tiny.js" async="async"></script>') == 1
    assert page.count("/cdn/extensions/tiny/assets/tiny.css") == 1
    assert "/* tiny */" in shop.page("/cdn/extensions/tiny/assets/tiny.js")


def test_a_block_stands_only_where_it_is_enabled(shop: Shop) -> None:
    assert "Second block on index" in shop.page("/")
    assert "tiny-rail" not in shop.page("/")
    assert "Second block" not in shop.page("/cart")


def test_app_data_is_read_from_the_installation(shop: Shop) -> None:
    app_data(shop, "mode", "quiet")
    assert 'data-mode="quiet"' in shop.page(PAGE)


@pytest.mark.parametrize(("value", "shown"), [("true", True), ("false", False), (None, False)])
def test_an_embed_appears_when_its_condition_holds(shop: Shop, value: str | None, shown: bool) -> None:
    if value:
        app_data(shop, "beacon", value, "boolean")
    assert ('data-beacon="hearth-and-fern.myshopify.com"' in shop.page("/cart")) is shown


def test_titles_are_data_and_not_markup(shop: Shop) -> None:
    shop.store.update_product(shop.product(MUG).id, title="<script>alert(1)</script>")
    shop.recommend(JAR, MUG)
    for path in (PAGE, f"/products/{JAR}", "/collections/kitchen", "/cart"):
        assert "<script>alert" not in shop.page(path)


def test_an_error_in_a_block_is_shown_and_logged_and_breaks_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    (folder / "blocks").mkdir(parents=True)
    (folder / "shopify.extension.toml").write_text('name = "Broken"\ntype = "theme"\n')
    (folder / "blocks/bad.liquid").write_text('{{ \'no.such.key\' | t }}{% schema %}{"name": "x"}{% endschema %}')
    shop = open_shop(options(extensions=tmp_path))
    page = shop.page(PAGE)
    assert "Liquid error (blocks/bad.liquid)" in page
    assert "Add to cart" in page
    assert len(liquid_errors) == 1
    liquid_errors.clear()


def test_the_real_extension_renders_without_an_error() -> None:
    shop = open_shop(options(extensions=Path("extensions")))
    shop.recommend(MUG, JAR, SOAP, DRAFT)
    page = shop.page(PAGE)
    assert "Glass Pantry Jar" in page
    assert not liquid_errors
    assert "Liquid error" not in page


def test_a_shop_without_extensions_has_plain_pages(tmp_path: Path) -> None:
    assert "Add to cart" in open_shop(options(extensions=tmp_path / "none")).page(PAGE)


@pytest.mark.parametrize(
    "markup", ["{{ product.selling_plan_groups }}", "{{ cart.total_discount }}", "{{ settings.x }}"]
)
def test_what_only_the_devstore_lacks_is_an_error_and_not_nil(tmp_path: Path, markup: str) -> None:
    shop = extended(tmp_path, markup)
    assert "does not simulate" in shop.page(PAGE)
    assert liquid_errors


def test_what_shopify_lacks_too_is_nil(tmp_path: Path) -> None:
    shop = extended(tmp_path, "[{{ product.nonsense }}{{ nothing.at.all }}]")
    assert "[]" in shop.page(PAGE)
    assert not liquid_errors


def test_a_loop_over_references_sees_fifty_though_the_list_holds_more(tmp_path: Path) -> None:
    markup = "{% assign r = product.metafields['$app'].recs.value %}[{{ r.count }}:{% for p in r %}x{% endfor %}]"
    shop = extended(tmp_path, markup)
    shop.recommend(MUG, *[JAR] * 60)
    assert f"[60:{'x' * 50}]" in shop.page(PAGE)


def test_a_block_knows_the_section_it_stands_in(tmp_path: Path) -> None:
    assert "[template--1__main]" in extended(tmp_path, "[{{ section.id }}]").page(PAGE)
