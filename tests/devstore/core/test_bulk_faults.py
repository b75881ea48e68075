"""Bulk files that break: cut, expired, spoilt, incomplete."""

from __future__ import annotations

import json

import httpx
import pytest

from devstore.server import create, serving
from tests.devstore.core.shop import Shop, options, world

ORDERS = "{ orders { edges { node { id name lineItems { edges { node { id title } } } } } } }"


def test_a_file_can_be_read_from_the_middle(shop: Shop) -> None:
    url = shop.bulk(ORDERS)["url"]
    whole = shop.client.get(url, buffered=True).data
    rest = shop.client.get(url, headers={"Range": "bytes=100-"}, buffered=True)
    assert rest.status_code == 206
    assert rest.data == whole[100:]


def test_a_cut_download_ends_in_a_line_and_resumes_by_range() -> None:
    given = options()
    shop = Shop(create(world(), given), given).install()
    with serving(shop.app) as origin:
        operation = shop.bulk(ORDERS)
        url = operation["url"].replace("http://localhost", origin)
        shop.dev("POST", "faults", bulk={"mode": "cut", "at_line": 4})
        got = b""
        with httpx.stream("GET", url) as response, pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012
            for chunk in response.iter_raw():  # what came before the break is kept
                got += chunk
        assert int(response.headers["Content-Length"]) == int(operation["fileSize"]) > len(got)
        assert got.count(b"\n") == 3
        assert not got.endswith(b"\n")
        rest = httpx.get(url, headers={"Range": f"bytes={len(got)}-"})
        assert (got + rest.content).count(b"\n") == int(operation["objectCount"])


def test_an_expired_url_is_403_as_often_as_asked(shop: Shop) -> None:
    url = shop.bulk(ORDERS)["url"]
    shop.dev("POST", "faults", bulk={"mode": "expire", "count": 2})
    assert [shop.client.get(url, buffered=True).status_code for _ in range(3)] == [403, 403, 200]


def test_a_url_runs_out_and_cannot_be_stretched() -> None:
    given = options(bulk_url_lifetime_s=-1)
    shop = Shop(create(world(), given), given).install()
    url = shop.bulk(ORDERS)["url"]
    assert shop.client.get(url, buffered=True).status_code == 403
    assert shop.client.get(url.replace("expires=", "expires=9"), buffered=True).status_code == 403


def test_garbage_is_one_line_that_is_no_json(shop: Shop) -> None:
    shop.dev("POST", "faults", bulk={"mode": "garbage", "at_line": 3})
    operation = shop.bulk(ORDERS)
    lines = shop.lines(operation)
    assert len(lines) == int(operation["objectCount"])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(lines[2])
    assert all(json.loads(line) for n, line in enumerate(lines) if n != 2)


def test_a_failed_operation_leaves_a_part(shop: Shop) -> None:
    shop.dev("POST", "faults", bulk={"mode": "fail", "at_line": 5})
    operation = shop.bulk(ORDERS)
    assert (operation["status"], operation["errorCode"]) == ("FAILED", "INTERNAL_SERVER_ERROR")
    assert operation["url"] is None
    assert len(shop.client.get(operation["partialDataUrl"], buffered=True).data.splitlines()) == 4


def test_an_unknown_fault_is_refused(shop: Shop) -> None:
    assert shop.dev("POST", "faults", bulk={"mode": "explode"}).status_code == 422
