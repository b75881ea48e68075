"""The first page's steps: what is done, what is under way, what the merchant can do, and that the page follows."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from app.core.shops import Shop
from app.core.training_consent import CURRENT
from app.web.admin.theme_blocks import BLOCKS
from tests.devstore_fixture import DevStore, RunningApp
from tests.extensions.node import RECOMMENDATIONS
from tests.pages.conftest import Work, decide, signed, text_of


def steps(app: RunningApp, devstore: DevStore) -> dict[str, str]:
    """The badge of every step, as the page asks for them."""
    return {step["key"]: step["badge"] for step in progress(app, devstore)["steps"]}


def progress(app: RunningApp, devstore: DevStore) -> Any:
    return app.http.get("/admin/progress.json", headers=signed(devstore)).json()


def test_a_shop_that_was_just_installed_is_told_what_happens_by_itself(
    running_app: RunningApp, devstore: DevStore, installed_shop: Shop
) -> None:
    page = running_app.open(devstore)
    assert 'data-settled="false"' in page.text
    assert "It starts within seconds of the installation" in text_of(page.text)
    assert steps(running_app, devstore) == {
        "import": "Under way",
        "consent": "To do",
        "model": "Waiting",
        "lists": "Waiting",
        "pixel": "Under way",
    }


def test_after_the_import_only_the_decision_is_left_to_the_merchant(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    page = running_app.open(devstore)
    read = text_of(page.text)
    assert 'data-settled="true"' in page.text
    assert "41 products, 150 customers, 900 orders" in read
    assert "Starts by itself after import and consent" in read
    assert steps(running_app, devstore) == {
        "import": "Done",
        "consent": "To do",
        "model": "Waiting",
        "lists": "Waiting",
        "pixel": "Done",
    }


def test_the_page_follows_between_consent_and_training(
    running_app: RunningApp, devstore: DevStore, imported: Shop
) -> None:
    decide(running_app, devstore, decision="grant", text_version=CURRENT.version)
    assert 'data-settled="false"' in running_app.open(devstore).text
    assert steps(running_app, devstore)["model"] == "Under way"


def test_a_training_that_is_written_but_not_published_is_still_under_way(
    running_app: RunningApp, devstore: DevStore, imported: Shop, rows: psycopg.Connection
) -> None:
    decide(running_app, devstore, decision="grant", text_version=CURRENT.version)
    rows.execute(
        "INSERT INTO model_runs (shop_id, version, state, strategy, trained_at, orders, products, metrics, note) "
        "VALUES (%s, 'v1', 'training', 'item_item', now(), 1, 1, '{}', '')",
        [imported.id],
    )
    assert 'data-settled="false"' in running_app.open(devstore).text
    assert steps(running_app, devstore)["model"] == "Under way"


def test_when_all_is_done_the_figures_come_first(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    assert set(steps(running_app, devstore).values()) == {"Done"}
    read = text_of(running_app.open(devstore).text)
    assert "Learnt from 862 orders of 40 products" in read
    assert read.index("The last 28 days") < read.index("Set-up")


def test_a_withdrawal_is_followed_until_the_lists_are_out_of_the_store(
    running_app: RunningApp, devstore: DevStore, trained: Shop, work: Work
) -> None:
    assert decide(running_app, devstore, decision="withdraw", text_version=CURRENT.version) == 303
    assert steps(running_app, devstore)["lists"] == "Under way"
    work()
    assert steps(running_app, devstore)["lists"] == "Waiting"


def test_a_pixel_that_is_not_connected_is_followed(running_app: RunningApp, devstore: DevStore, trained: Shop) -> None:
    running_app.wiring.known_of_pixels.pixels.forget(trained.id)
    page = running_app.open(devstore)
    assert 'data-settled="false"' in page.text
    assert "It is connected by itself" in page.text


def test_a_pixel_without_its_permission_is_the_merchants_turn(
    running_app: RunningApp, devstore: DevStore, trained: Shop, rows: psycopg.Connection
) -> None:
    running_app.wiring.known_of_pixels.pixels.forget(trained.id)
    rows.execute("UPDATE credentials SET scopes = 'read_products'")
    page = running_app.open(devstore)
    assert steps(running_app, devstore)["pixel"] == "To do"
    assert "Close the app and open it again; Shopify then asks you." in page.text


def test_an_import_that_failed_names_what_is_missing_and_why(
    running_app: RunningApp, devstore: DevStore, imported: Shop, rows: psycopg.Connection
) -> None:
    rows.execute("UPDATE sync_runs SET state = 'failed', error = 'The export was refused' WHERE resource = 'orders'")
    read = text_of(running_app.open(devstore).text)
    assert steps(running_app, devstore)["import"] == "Failed"
    assert "Not imported: orders" in read
    assert "The export was refused" in read


@pytest.mark.parametrize("world_name", ["empty", "sold_out"])
def test_a_store_with_nothing_to_show_is_told_why_and_its_page_stops_waiting(
    running_app: RunningApp, devstore: DevStore, trained: Shop, world_name: str
) -> None:
    page = running_app.open(devstore)
    why = {"empty": "nothing to learn yet", "sold_out": "no other product that can be bought now"}[world_name]
    assert 'data-settled="true"' in page.text
    assert why in text_of(page.text)
    assert "Under way" not in page.text


def test_a_permission_that_was_taken_away_is_named_on_the_first_page(
    running_app: RunningApp, devstore: DevStore, imported: Shop, work: Work
) -> None:
    devstore.post("scopes", granted=["read_products", "write_products"])
    devstore.flush()
    work()
    read = text_of(running_app.open(devstore).text)
    assert "Attune may not read what it needs" in read
    assert "read_inventory, read_orders, read_all_orders, read_customers" in read


def test_progress_is_for_the_shops_own_staff(running_app: RunningApp, devstore: DevStore, imported: Shop) -> None:
    assert running_app.http.get("/admin/progress.json").status_code in (302, 401)
    now = progress(running_app, devstore)
    assert now["imported"] is True
    assert {run["share"] for run in now["runs"]} == {1.0}


# -- the theme's blocks ------------------------------------------------------------------------------------------------


def test_every_block_of_the_extension_is_listed_with_the_template_that_it_is_made_for() -> None:
    files = (RECOMMENDATIONS / "blocks").glob("*.liquid")
    shipped = {
        file.stem: json.loads(file.read_text().split("{% schema %}")[1].split("{% endschema")[0]) for file in files
    }
    assert {block.handle for block in BLOCKS} == set(shipped)
    for block in BLOCKS:
        schema = shipped[block.handle]
        assert (schema["target"] == "body") == block.is_embed
        assert schema.get("enabled_on", {}).get("templates", [block.template]) == [block.template]


def test_a_block_that_stands_in_the_theme_is_opened_and_not_added_once_more() -> None:
    block = next(block for block in BLOCKS if block.handle == "also-viewed")
    editor = "https://shop.myshopify.com/admin/themes/current/editor"
    origin = "https://shop.myshopify.com"
    assert block.adding(origin, "key") == (
        f"{editor}?template=product&addAppBlockId=key/also-viewed&target=newAppsSection"
    )
    assert block.changing(origin) == f"{editor}?template=product"


def test_an_embed_is_switched_on_where_the_editor_shows_apps() -> None:
    embed = next(block for block in BLOCKS if block.is_embed)
    assert "context=apps&template=index&activateAppId=key/tracker" in embed.adding("https://shop", "key")
    assert "activateAppId" not in embed.changing("https://shop")
