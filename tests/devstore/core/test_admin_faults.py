"""The Admin API and the token endpoint, failing on demand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from devstore.server import create, serving
from tests.devstore.core.shop import SECRET, Shop, options, world

NAME = "{ shop { name } }"
TAG = 'mutation { tagsAdd(id: "gid://shopify/Product/1", tags: ["again"]) { userErrors { message } } }'


def fault(shop: Shop, **given: Any) -> None:
    assert shop.dev("POST", "faults", admin=given).status_code == 200


def tokens(shop: Shop) -> Any:
    body = {"client_id": "key", "client_secret": SECRET, "grant_type": "refresh_token"}
    return shop.client.post("/admin/oauth/access_token", json={**body, "refresh_token": shop.refresh_token})


def test_an_error_comes_as_often_as_asked_and_with_the_status_asked(shop: Shop) -> None:
    fault(shop, mode="error", count=2, status=503)
    assert [shop.post(NAME).status_code for _ in range(3)] == [503, 503, 200]


def test_an_internal_error_is_json_and_what_stands_in_front_answers_in_html(shop: Shop) -> None:
    fault(shop, mode="error")
    assert shop.post(NAME).get_json() == {"errors": "Internal Server Error"}
    fault(shop, mode="error", status=502)
    assert shop.post(NAME).mimetype == "text/html"


def test_a_revoked_token_is_401_while_the_next_request_is_answered(shop: Shop) -> None:
    fault(shop, mode="revoked")
    assert [shop.post(NAME).status_code for _ in range(2)] == [401, 200]


def test_a_throttled_storm_has_the_form_of_a_real_one(shop: Shop) -> None:
    fault(shop, mode="throttled", count=3)
    answers = [shop.answer(NAME) for _ in range(4)]
    assert [a.get("errors", [{}])[0].get("extensions", {}).get("code") for a in answers] == ["THROTTLED"] * 3 + [None]
    cost = answers[0]["extensions"]["cost"]
    assert cost["throttleStatus"]["currentlyAvailable"] < cost["requestedQueryCost"]


def test_a_hang_is_answered_in_the_end(shop: Shop) -> None:
    fault(shop, mode="hang", delay_s=0)
    assert shop.data(NAME) == {"shop": {"name": "Tiny"}}


def test_a_hang_may_end_in_an_error(shop: Shop) -> None:
    fault(shop, mode="hang", delay_s=0, status=504)
    assert shop.post(NAME).status_code == 504


@pytest.mark.parametrize("given", [{"mode": "reset"}, {"mode": "hang", "delay_s": 0, "drop": True}])
def test_a_connection_dies_under_the_request_and_the_server_lives_on(given: dict[str, Any]) -> None:
    opened = options()
    shop = Shop(create(world(), opened), opened).install()
    fault(shop, **given)
    asked: dict[str, Any] = {"json": {"query": NAME}, "headers": {"X-Shopify-Access-Token": shop.token}}
    with serving(shop.app) as origin, httpx.Client(base_url=origin) as client:
        with pytest.raises(httpx.TransportError):
            client.post("/admin/api/2026-10/graphql.json", **asked)
        assert client.post("/admin/api/2026-10/graphql.json", **asked).status_code == 200


def test_a_late_fault_carries_the_change_out_and_loses_the_answer(shop: Shop) -> None:
    shop.dev("POST", "scopes", granted=["write_products"])
    fault(shop, mode="error", status=500, late=True)
    assert shop.post(TAG).status_code == 500
    assert "again" in shop.store.products[1].tags


def test_the_token_endpoint_breaks_by_itself(shop: Shop) -> None:
    fault(shop, mode="error", endpoint="token", status=500)
    assert shop.post(NAME).status_code == 200
    assert [tokens(shop).status_code for _ in range(2)] == [500, 200]


def test_a_revoked_refresh_token_is_an_invalid_grant(shop: Shop) -> None:
    fault(shop, mode="revoked", endpoint="token")
    refused = tokens(shop)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_grant")


def test_what_is_planned_is_shown_and_can_be_cleared(shop: Shop) -> None:
    fault(shop, mode="throttled", count=7)
    assert shop.dev("GET", "state").get_json()["faults"]["admin"] == [{"mode": "throttled", "count": 7}]
    shop.dev("DELETE", "faults")
    assert shop.dev("GET", "state").get_json()["faults"]["admin"] == []
    assert shop.post(NAME).status_code == 200


@pytest.mark.parametrize("given", [{"mode": "explode"}, {"mode": "error", "endpoint": "moon"}, {"mode": "cut"}])
def test_an_unknown_fault_is_refused(shop: Shop, given: dict[str, Any]) -> None:
    assert shop.dev("POST", "faults", admin=given).status_code == 422
