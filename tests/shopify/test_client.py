"""The GraphQL client against the devstore: throttling, refused fields, dead tokens, bulk files that break off."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import orjson
import pytest

from app.adapters.shopify import answers
from app.adapters.shopify.client import ShopifyAdminApi, ShopifyAdminApis
from app.adapters.shopify.pacing import Pace
from app.core.shops import Shop
from app.errors import AccessDenied, LinkExpired, Permanent, Retryable
from app.ports import BulkOperation
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore


@pytest.fixture
def naps() -> list[float]:
    """The pauses that the client made; it does not really sleep through them."""
    return []


@pytest.fixture
def api(installed_shop: Shop, worker_wiring: Worker, naps: list[float]) -> ShopifyAdminApi:
    def nap(seconds: float) -> None:
        if seconds:
            naps.append(seconds)

    return ShopifyAdminApis(worker_wiring.shopify, worker_wiring.tokens, sleep=nap).of(installed_shop)


def finished(api: ShopifyAdminApi, operation: BulkOperation) -> BulkOperation:
    for _ in range(500):
        operation = api.bulk_operation(operation.id)
        if operation.status not in ("CREATED", "RUNNING"):
            return operation
    raise AssertionError(operation)


def test_a_document_is_run_and_its_data_returned(api: ShopifyAdminApi, devstore: DevStore) -> None:
    assert api.run("shop")["shop"]["myshopifyDomain"] == devstore.shop_domain


def test_a_throttled_request_waits_until_the_bucket_holds_its_cost(
    api: ShopifyAdminApi, devstore: DevStore, naps: list[float]
) -> None:
    devstore.post("throttle", maximum=50, restore_rate=0.001, factor=30)
    with pytest.raises(Retryable, match="throttled"):
        api.run("shop")
    assert naps
    assert all(0 < nap <= 30 for nap in naps)


def test_a_known_cost_is_waited_for_before_the_request() -> None:
    now = [0.0]
    pace = Pace(stopwatch=lambda: now[0])
    status = {"maximumAvailable": 100, "currentlyAvailable": 10, "restoreRate": 50}
    pace.learn("x", {"requestedQueryCost": 60, "throttleStatus": status})
    assert pace.wait_s("x") == pytest.approx(1.0)
    now[0] = 10.0
    assert pace.wait_s("x") == 0


def test_a_refused_field_is_named(api: ShopifyAdminApi, devstore: DevStore) -> None:
    devstore.post("scopes", granted=["read_products"])
    with pytest.raises(AccessDenied) as refused:
        api.run("orders_ids")
    assert refused.value.field == "orders"


def test_an_expired_access_token_is_refreshed_once(
    api: ShopifyAdminApi, devstore: DevStore, worker_wiring: Worker, installed_shop: Shop
) -> None:
    before = worker_wiring.credentials.load(installed_shop.id)
    devstore.post("tokens/expire")
    assert api.run("shop")
    after = worker_wiring.credentials.load(installed_shop.id)
    assert before is not None
    assert after is not None
    assert after.generation == before.generation + 1
    assert after.pair.refresh_token != before.pair.refresh_token


def test_an_expired_refresh_token_asks_to_open_the_app(
    api: ShopifyAdminApi, devstore: DevStore, worker_wiring: Worker, installed_shop: Shop
) -> None:
    devstore.post("tokens/expire", refresh=True)
    with pytest.raises(Permanent, match="open the app"):
        api.run("shop")
    assert worker_wiring.credentials.load(installed_shop.id) is None


def test_a_store_that_does_not_answer_may_be_tried_again(api: ShopifyAdminApi) -> None:
    api._url = "http://127.0.0.1:9/graphql.json"
    with pytest.raises(Retryable):
        api.run("shop")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>", Retryable),
        (b"[]", Retryable),
        (b"{}", Retryable),
        (b'{"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}', Retryable),
        (b'{"errors":[{"message":"x","extensions":{"code":"undefinedField"}}]}', Permanent),
        (b'{"errors":"Not Found"}', Permanent),
        (b'{"data":{"a":null},"errors":[{"path":["a"],"extensions":{"code":"ACCESS_DENIED"}}]}', AccessDenied),
    ],
)
def test_what_an_answer_means(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        answers.data(answers.parse(httpx.Response(200, content=body)))


def test_a_bulk_export_is_started_and_read_line_by_line(api: ShopifyAdminApi, devstore: DevStore) -> None:
    done = finished(api, api.start_bulk_query("products"))
    assert done.status == "COMPLETED"
    assert done.url is not None
    lines = list(api.lines(done.url))
    assert len(lines) == done.object_count
    assert lines[0].startswith(b"{")


def test_a_search_restricts_the_export(api: ShopifyAdminApi) -> None:
    done = finished(api, api.start_bulk_query("products", search="updated_at:>='2999-01-01T00:00:00Z'"))
    assert (done.status, done.object_count, done.url) == ("COMPLETED", 0, None)


def test_a_cut_connection_is_resumed_where_it_broke(api: ShopifyAdminApi, devstore: DevStore) -> None:
    done = finished(api, api.start_bulk_query("products"))
    assert done.url is not None
    whole = list(api.lines(done.url))
    devstore.post("faults", bulk={"mode": "cut", "at_line": 3, "count": 1})
    assert list(api.lines(done.url)) == whole


def test_reading_may_begin_at_any_line(api: ShopifyAdminApi) -> None:
    done = finished(api, api.start_bulk_query("products"))
    assert done.url is not None
    whole = list(api.lines(done.url))
    offset = sum(len(line) + 1 for line in whole[:5])
    assert list(api.lines(done.url, offset=offset)) == whole[5:]
    end = sum(len(line) + 1 for line in whole)
    assert list(api.lines(done.url, offset=end)) == []


def test_an_expired_link_is_asked_for_again(api: ShopifyAdminApi, devstore: DevStore) -> None:
    done = finished(api, api.start_bulk_query("products"))
    assert done.url is not None
    devstore.post("faults", bulk={"mode": "expire", "count": 1})
    with pytest.raises(LinkExpired):
        list(api.lines(done.url))
    fresh = api.bulk_operation(done.id).url
    assert fresh is not None
    assert list(api.lines(fresh))


def test_a_bulk_mutation_uploads_its_variables(api: ShopifyAdminApi, devstore: DevStore) -> None:
    def variables() -> Iterator[bytes]:
        product = next(api.lines(finished(api, api.start_bulk_query("products")).url or ""))
        metafield = {"namespace": "$app", "key": "recs_reason", "type": "single_line_text_field", "value": "trending"}
        yield orjson.dumps({"metafields": [{"ownerId": orjson.loads(product)["id"], **metafield}]})

    done = finished(api, api.start_bulk_mutation("set_metafields", variables()))
    assert done.status == "COMPLETED"
    (answer,) = api.lines(done.url or "")
    assert b'"userErrors":[]' in answer.replace(b" ", b"")
