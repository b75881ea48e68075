"""Bulk files that are cut, expired, spoilt or failed: resumed or recorded, never a crash, never half an order."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.core.syncs import Reason, Resource
from tests.sync.store import Installed

WHOLE = {"products", "variants", "orders", "order_lines"}


def whole(installed: Installed) -> bool:
    orders = installed.store.orders.values()
    return (installed.count("orders"), installed.count("order_lines")) == (
        len(orders),
        sum(len(order.lines) for order in orders),
    )


def fault(installed: Installed, mode: str, **more: Any) -> None:
    installed.dev("POST", "faults", bulk={"mode": mode, "count": 1, **more})


@pytest.mark.parametrize("at_line", [1, 40, None])
def test_a_file_that_is_cut_in_a_line_is_resumed_there(installed: Installed, at_line: int | None) -> None:
    fault(installed, "cut", **({"at_line": at_line} if at_line else {}))
    outcome = installed.sync(Resource.ORDERS)
    assert outcome.failed == ()
    assert whole(installed)


def test_a_link_that_has_run_out_is_asked_for_again(installed: Installed) -> None:
    fault(installed, "expire")
    assert installed.sync(Resource.ORDERS).failed == ()
    assert whole(installed)


def test_an_export_that_fails_is_made_again(installed: Installed) -> None:
    fault(installed, "fail")
    assert installed.sync(Resource.ORDERS).failed == ()
    assert whole(installed)


def test_an_export_that_keeps_failing_is_given_up_and_the_others_are_imported(installed: Installed) -> None:
    installed.sync(Resource.PRODUCTS)
    installed.dev("POST", "faults", bulk={"mode": "fail", "count": 3})
    assert installed.sync(Resource.ORDERS).failed == (Resource.ORDERS,)
    assert installed.count("orders") == 0
    assert "FAILED" in installed.one("SELECT error FROM sync_runs WHERE state = 'failed'")


@pytest.mark.parametrize("at_line", [1, 2, 30, 60, 90, 120])
def test_a_line_that_is_no_json_is_recorded_and_its_order_fetched_again_whole(
    installed: Installed, at_line: int
) -> None:
    installed.sync(Resource.PRODUCTS)
    fault(installed, "garbage", at_line=at_line)
    installed.sync(Resource.ORDERS)
    recorded = [(line, reason) for resource, line, reason in installed.problems() if resource == "orders"]
    assert (at_line, "not JSON") in recorded
    lacking = installed.sql(
        "SELECT o.id FROM orders o WHERE (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) = 0"
    )
    assert lacking == []
    assert installed.count("order_lines") == sum(
        len(installed.store.orders[order].lines) for (order,) in installed.sql("SELECT id FROM orders")
    )
    # Only an order whose own line was spoilt and that has no line behind it could be missed; the small world has none.
    assert whole(installed)


def test_an_order_line_of_an_unknown_product_is_kept_and_recorded(installed: Installed) -> None:
    installed.sync(Resource.ORDERS)
    reasons = {reason for _, _, reason in installed.problems()}
    assert reasons
    assert all("is not known" in reason for reason in reasons)
    assert whole(installed)
    assert installed.count("order_lines WHERE product_id IS NOT NULL") > 0


def test_lines_of_any_other_shape_are_recorded_with_their_numbers(installed: Installed) -> None:
    api = installed.wiring.admin_apis.of(installed.shop)
    operation = api.start_bulk_query("products")
    while (operation := api.bulk_operation(operation.id)).status != "COMPLETED":
        pass
    assert operation.url is not None
    good = list(api.lines(operation.url))
    bad = [
        b"[]",
        b"7",
        b'{"__typename":"Moon","id":"gid://shopify/Moon/1"}',
        b'{"id":1}',
        b'{"__typename":"Product","id":"gid://shopify/Product/x"}',
        b'{"__typename":"ProductVariant","id":"gid://shopify/ProductVariant/1","__parentId":"gid://shopify/Product/1"}',
    ]
    installed.wiring.sync_runs.request(
        installed.shop.id, [Resource.PRODUCTS], Reason.COMMAND, at=installed.wiring.clock.now()
    )
    (run,) = installed.wiring.sync_runs.unfinished(installed.shop.id)
    imported = installed.wiring.syncing.importer.load(
        installed.shop.id, run, iter([*bad, *good]), progress=lambda _: None
    )
    assert imported.problems == len(bad)
    assert [line for _, line, _ in installed.problems()] == [1, 2, 3, 4, 5, 6]
    assert installed.count("products") == len(installed.store.products)


def load(installed: Installed, resource: Resource, lines: list[bytes]) -> int:
    """Import these lines as an export of the resource; returns how many problems there were."""
    wiring = installed.wiring
    wiring.sync_runs.request(installed.shop.id, [resource], Reason.COMMAND, at=wiring.clock.now())
    run = wiring.sync_runs.unfinished(installed.shop.id)[-1]
    return wiring.syncing.importer.load(installed.shop.id, run, iter(lines), progress=lambda _: None).problems


def collection(number: int, **changes: Any) -> bytes:
    gid = f"gid://shopify/Collection/{number}"
    line = {"__typename": "Collection", "id": gid, "handle": "h", "title": "T", "updatedAt": "2026-11-01T00:00:00Z"}
    return orjson.dumps({**line, **changes})


def test_a_line_that_the_database_refuses_costs_no_other_line(installed: Installed) -> None:
    bad = [
        collection(1, title=None),
        collection(2, title="a\0b"),
        collection(3, title={"en": "x"}),
        collection(4, id="gid://shopify/Collection/99999999999999999999"),
    ]
    good = [collection(number) for number in range(10, 300)]
    assert load(installed, Resource.COLLECTIONS, [*good[:100], *bad, *good[100:]]) == len(bad)
    assert installed.count("collections") == len(good)
    assert [(line, reason.partition(" (")[0]) for _, line, reason in installed.problems()] == [
        (number, "holds what can't be stored") for number in range(101, 105)
    ]


def test_an_import_whose_lines_stay_bad_ends(installed: Installed) -> None:
    product = b'{"__typename":"Product","id":"gid://shopify/Product/%d","__parentId":"gid://shopify/Collection/%d"}'
    orphans = [product % (number, number) for number in range(1, 1200)]
    assert load(installed, Resource.COLLECTIONS, orphans) == len(orphans)
    asked = installed.sql("SELECT search FROM sync_runs WHERE state = 'requested'")
    assert len(asked) == 20
    assert all(search.startswith("id:") for (search,) in asked)
