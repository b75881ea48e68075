"""Shoppers in a store that breaks: they go away, come again, and nothing of it ends their program."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import httpx
import pytest

from devstore.shoppers.browser import AGENTS, Browser
from devstore.shoppers.crowd import Crowd
from devstore.shoppers.habits import HABITS
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally
from devstore.worlds import build
from devstore.worlds.taste import Tastes, tastes_of
from tests.devstore.shoppers.paper_shop import PaperShop
from tests.patience import PATIENCE_S
from tests.ports import free_port

Fault = Callable[[httpx.Request], httpx.Response]
PEOPLE = replace(HABITS, accept=1.0, declared_bots=0.0, hidden_bots=0.0, without_script=0.0, mood=1.0)


@lru_cache(maxsize=1)
def tastes() -> Tastes:
    return tastes_of(build("small"))


@pytest.fixture
def shop() -> PaperShop:
    offered = [int(product) for product in tastes().product_ids]
    return PaperShop(tastes(), lambda product: [other for other in offered if other != product][:4])


def crowd(shop: PaperShop, visits: int, size: int = 3) -> Crowd:
    return Crowd(
        "http://shop.test",
        tastes(),
        size,
        seed=3,
        pace=1e6,
        most_visits=visits,
        habits=PEOPLE,
        transport=shop.transport,
    )


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("cut", request=request)


ODD = (
    b'<script id="web-pixels-manager-setup">{"events": [1, {"name": "product_viewed", "data": {"productVariant": 3}}], '
    b'"pixels": [{"src": "/_sandbox/1"}], "privacy": 7}</script><attune-tracker data-collect="http://[broken">'
    b"</attune-tracker>\xff\xfe<ul data-rail=x><li data-product=y><a href='/products/z'>"
)
ODD_ARMS = (b'{"rails": 1}', b'{"rails": {"bought_together": 1}}', b'{"rails": {"bought_together": {"show": 3}}}')
FAULTS: dict[str, Fault] = {
    "refused": refused,
    "cut": cut,
    "500": lambda _: httpx.Response(500, text="<h1>broken"),
    "429": lambda _: httpx.Response(429, headers={"Retry-After": "1"}),
    "garbage": lambda _: httpx.Response(
        200, content=b"\xff\xfe<ul data-rail=x><li data-product=y><a href='/products/z'>"
    ),
    "loop": lambda request: httpx.Response(302, headers={"Location": str(request.url)}),
    "elsewhere": lambda _: httpx.Response(302, headers={"Location": "http://[broken"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_store_that_breaks_and_comes_back_loses_nobody(shop: PaperShop, name: str) -> None:
    group = crowd(shop, visits=60)

    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(group.run(report=lambda _: None, stop=stop))
        while group.tally.visits < 10:
            await asyncio.sleep(0.001)
        shop.fault = FAULTS[name]
        seen = group.tally.pages
        while group.tally.pages < seen + 5:
            await asyncio.sleep(0.001)
        shop.fault = None
        await task

    asyncio.run(run())
    assert group.tally.visits >= 60
    assert group.tally.orders > 0
    assert name == "garbage" or group.tally.errors > 0


def test_answers_of_the_app_that_are_none_leave_the_page_as_it_was(shop: PaperShop) -> None:
    for body in (
        b"",
        b"[]",
        b'{"items": 3}',
        b'{"request_id": "r", "items": [1]}',
        b'{"unavailable": 1}',
        b"null",
        *ODD_ARMS,
    ):
        shop.fault = lambda request, body=body: (
            httpx.Response(200, content=body) if "/apps/" in request.url.path else shop.plainly(request)
        )
        asyncio.run(crowd(shop, visits=3, size=1).run(report=lambda _: None, stop=asyncio.Event()))


@pytest.mark.parametrize("setup", ["{}", '{"settings": 1, "clientId": 2}', "[]", '{"settings": {}}', "{"])
def test_a_pixel_that_cannot_be_read_tells_nothing(shop: PaperShop, setup: str) -> None:
    frame = f'<script id="pixel" type="application/json">{setup}</script>'
    shop.fault = lambda request: (
        httpx.Response(200, text=frame) if "/_sandbox/" in request.url.path else shop.plainly(request)
    )
    browser = visit(shop)
    assert [origin for origin, _ in shop.batches] == ["http://shop.test"]
    assert browser.tally.problems == ["a pixel that cannot be loaded"]


def visit(shop: PaperShop, *, accept: bool | None = True) -> Browser:
    """One browser on one product page, its events sent twice."""
    tally = Tally()

    async def run() -> Browser:
        async with httpx.AsyncClient(base_url="http://shop.test", transport=shop.transport) as http:
            browser = Browser(http, tally, AGENTS[0])
            scripts = Scripts(browser)
            if accept is not None:
                browser.answer_banner(accept=accept)
            page = await browser.open(f"/products/p{shop.products[0]}")
            await scripts.load(page)
            scripts.seen(page.rows[0], 0)
            for _ in range(2):
                await scripts.flush()
            return browser

    return asyncio.run(run())


def test_the_pixels_batch_is_tried_once_more_after_a_failure_and_the_elements_is_not(shop: PaperShop) -> None:
    shop.collects = 503
    browser = visit(shop)
    assert [(origin, len(events)) for origin, events in shop.batches] == [
        ("http://shop.test", 2), ("null", 3), ("null", 3),
    ]  # fmt: skip
    assert {event["id"] for event in shop.batches[1][1]} == {event["id"] for event in shop.batches[2][1]}
    assert (browser.tally.events, browser.tally.refused) == (0, 8)


def test_a_batch_that_is_refused_is_not_sent_again(shop: PaperShop) -> None:
    shop.collects = 400
    visit(shop)
    assert len(shop.batches) == 2


@pytest.mark.parametrize("accept", [None, False])
def test_without_consent_nothing_is_sent(shop: PaperShop, accept: bool | None) -> None:
    browser = visit(shop, accept=accept)
    assert (browser.visitor, shop.batches) == (None, [])


def test_where_no_consent_is_needed_it_is_not_waited_for(shop: PaperShop) -> None:
    shop.needed = False
    visit(shop, accept=None)
    assert {event["type"] for _, events in shop.batches for event in events} == {
        "page_view", "product_view", "identity", "exposure",
    }  # fmt: skip


def test_a_visitor_who_declines_is_not_followed_where_none_need_agree(shop: PaperShop) -> None:
    shop.needed = False
    visit(shop, accept=False)
    assert shop.batches == []


def test_a_place_of_the_crowd_is_always_a_persons(shop: PaperShop) -> None:
    group = Crowd(
        "http://shop.test", tastes(), 1, seed=1, pace=1e6, most_visits=2, transport=shop.transport,
        habits=replace(HABITS, declared_bots=0.3, hidden_bots=0.1),
    )  # fmt: skip
    asyncio.run(group.run(report=lambda _: None, stop=asyncio.Event()))
    assert group.tally.visits >= 2


def listens_to_sigterm(process: int) -> bool:
    """Whether the process has a handler of its own by now: before, the system ends it, as it would any program."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("moment", ["while it starts", "while it runs"])
def test_a_sigterm_ends_the_program_and_its_table_is_printed(shop: PaperShop, tmp_path: Path, moment: str) -> None:
    """A store that never answers must not hold it up."""
    del shop
    tastes().save(tmp_path / "tastes.npz")
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SILENT if moment == "while it starts" else MUTE, str(port)])
    command = ["-m", "devstore.shoppers", "--store", f"http://127.0.0.1:{port}", "--pace", "1000"]
    files = ["--tastes", str(tmp_path / "tastes.npz"), "--summary", str(tmp_path / "did.json")]
    program = subprocess.Popen([sys.executable, *command, *files], stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE_S
        begun = tmp_path / "did.json"
        while moment == "while it runs" and not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        while moment == "while it starts" and not listens_to_sigterm(program.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(program.pid, signal.SIGTERM)
        printed, _ = program.communicate(timeout=20)  # Less than the time that a request may take.
    finally:
        for process in (program, server):
            process.kill()
            process.wait()
    assert program.returncode == 0
    assert "simulated" in printed


SILENT = """
import socket, sys, time
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(600)
"""
MUTE = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
BODIES = {"/products.json": b'{"products": []}', "/collections.json": b'{"collections": []}',
          "/_dev/clock": b'{"now": "2026-11-23T00:00:00+00:00"}'}
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = BODIES.get(self.path.partition("?")[0])
        if body is None:
            time.sleep(600)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
