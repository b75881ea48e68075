"""What the merchant arranges in the theme: /_dev/theme, the editor's deep links, and what App Bridge says of it."""

from __future__ import annotations

from typing import Any

import pytest

from devstore.model import Metafield
from tests.devstore.front.shop import Shop, rail

PAGE = "/products/speckled-stoneware-mug"
MUG, JAR = "speckled-stoneware-mug", "glass-pantry-jar"
EDITOR = "/admin/themes/current/editor"


def change(shop: Shop, **settings: Any) -> Any:
    answer = shop.client().put("/_dev/theme", json=settings)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def theme(shop: Shop) -> Any:
    return shop.client().get("/_dev/theme").get_json()


def block(shop: Shop, handle: str) -> Any:
    (extension,) = shop.client().get("/admin/_frame/extensions").get_json()
    assert (extension["handle"], extension["type"]) == ("tiny", "theme_app_extension")
    return next(found for found in extension["activations"] if found["handle"] == handle)


def test_at_first_every_block_stands_where_it_may_and_every_embed_is_on(shop: Shop) -> None:
    found = theme(shop)
    assert [placed["block"] for placed in found["templates"]["product"]] == ["rail", "second"]
    assert [placed["block"] for placed in found["templates"]["index"]] == ["second"]
    assert found["templates"]["cart"] == []
    assert found["embeds"] == {"beacon": True}
    assert (found["native_rail"], found["random_rail"], found["drawer"]) == (True, False, True)


def test_what_is_not_named_stays_as_it_is(shop: Shop) -> None:
    change(shop, templates={"index": []}, random_rail=True)
    found = theme(shop)
    assert found["templates"]["index"] == []
    assert [placed["block"] for placed in found["templates"]["product"]] == ["rail", "second"]
    assert (found["native_rail"], found["random_rail"]) == (True, True)


def test_blocks_stand_in_the_given_order_with_the_given_settings(shop: Shop) -> None:
    shop.recommend(MUG, JAR)
    change(shop, templates={"product": [{"block": "second"}, {"block": "rail", "settings": {"limit": 2}}]})
    page = shop.page(PAGE)
    assert page.index("Second block") < page.index('data-limit="2"')
    assert rail(page) == ["Glass Pantry Jar"]


def test_a_block_that_stands_twice_has_two_ids(shop: Shop) -> None:
    change(shop, templates={"product": [{"block": "rail"}, {"block": "rail", "settings": {"limit": 8}}]})
    page = shop.page(PAGE)
    assert page.count("__rail_2") == 1
    assert page.count("/tiny.css") == 1
    assert 'data-limit="4"' in page
    assert 'data-limit="8"' in page


def test_a_product_setting_names_another_product(shop: Shop) -> None:
    change(shop, templates={"product": [{"block": "rail", "settings": {"product": JAR}}]})
    assert f'data-for="{JAR}"' in shop.page(PAGE)


def test_an_embed_that_is_off_is_gone(shop: Shop) -> None:
    owner = f"gid://shopify/AppInstallation/{shop.store.app_installation_id}"
    field = Metafield(1, "attune", "beacon", "boolean", "true", shop.store.clock.now())
    shop.store.metafields(owner)["attune", "beacon"] = field
    assert "data-beacon" in shop.page("/cart")
    change(shop, embeds={"beacon": False})
    assert "data-beacon" not in shop.page("/cart")


@pytest.mark.parametrize(
    "wrong",
    [
        {"templates": {"nowhere": []}},
        {"templates": {"product": [{"block": "nothing"}]}},
        {"templates": {"cart": [{"block": "rail"}]}},
        {"templates": {"product": [{"block": "rail", "settings": {"nothing": 1}}]}},
        {"templates": {"product": [{"block": "rail", "settings": {"limit": 9}}]}},
        {"templates": {"product": [{"block": "rail", "settings": {"limit": "4"}}]}},
        {"templates": {"product": {}}},
        {"templates": []},
        {"embeds": {"rail": True}},
        {"embeds": {"beacon": 1}},
        {"drawer": "yes"},
        {"colour": "red"},
    ],
)
def test_what_the_editor_would_not_let_through_is_refused_whole(shop: Shop, wrong: dict[str, Any]) -> None:
    before = theme(shop)
    answer = shop.client().put("/_dev/theme", json={"random_rail": True, **wrong})
    assert answer.status_code == 422
    assert answer.get_json()["error"]
    assert theme(shop) == before


def test_app_bridge_tells_where_blocks_really_stand(shop: Shop) -> None:
    assert block(shop, "rail") == {
        "handle": "rail", "name": "Rail", "target": "section", "status": "active",
        "activations": [{"target": "template--product/main/rail", "themeId": "gid://shopify/OnlineStoreTheme/1"}],
    }  # fmt: skip
    change(shop, templates={"product": []})
    assert (block(shop, "rail")["status"], block(shop, "rail")["activations"]) == ("available", [])
    assert len(block(shop, "second")["activations"]) == 1


def test_an_embed_whose_condition_does_not_hold_is_unavailable(shop: Shop) -> None:
    assert block(shop, "beacon")["status"] == "unavailable"
    owner = f"gid://shopify/AppInstallation/{shop.store.app_installation_id}"
    field = Metafield(1, "attune", "beacon", "boolean", "true", shop.store.clock.now())
    shop.store.metafields(owner)["attune", "beacon"] = field
    assert block(shop, "beacon")["status"] == "active"
    change(shop, embeds={"beacon": False})
    assert block(shop, "beacon")["status"] == "available"


def test_a_deep_link_adds_a_block_once(shop: Shop) -> None:
    change(shop, templates={"product": []})
    client = shop.client()
    answer = client.get(f"{EDITOR}?template=product&addAppBlockId=key/rail&target=newAppsSection")
    assert answer.status_code == 302
    assert client.get(answer.headers["Location"]).status_code == 200
    assert theme(shop)["templates"]["product"] == [{"block": "rail", "settings": {}}]


def test_a_deep_link_switches_an_embed_on(shop: Shop) -> None:
    change(shop, embeds={"beacon": False})
    shop.client().get(f"{EDITOR}?context=apps&template=product&activateAppId=key/beacon")
    assert theme(shop)["embeds"] == {"beacon": True}


@pytest.mark.parametrize(
    "query",
    [
        "template=product&addAppBlockId=other/rail",
        "template=product&addAppBlockId=key/nothing",
        "template=cart&addAppBlockId=key/rail",
        "template=product&addAppBlockId=key/rail&target=sectionGroup:header",
        "context=apps&activateAppId=key/rail",
    ],
)
def test_a_deep_link_that_leads_nowhere_changes_nothing_and_says_so(shop: Shop, query: str) -> None:
    before = theme(shop)
    assert 'class="problem"' in shop.page(f"{EDITOR}?{query}")
    assert theme(shop) == before


def test_blocks_carry_the_editors_attributes_in_the_editor_only(shop: Shop) -> None:
    assert "data-shopify-editor-block" not in shop.page(PAGE)
    assert "data-shopify-editor-block" in shop.page(f"{PAGE}?_design_mode=1")
    assert "Shopify.designMode = true" in shop.page(f"{PAGE}?_design_mode=1")
