"""The twin as a program: by itself, and beside a store with which it shares clock and customers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from devstore.klaviyo.credentials import PRIVATE_KEY
from tests.ports import free_port


@contextmanager
def program(*arguments: str) -> Iterator[None]:
    """A devstore program that has printed its READY line."""
    environment = {**os.environ, "SHOPIFY_API_KEY": "k", "SHOPIFY_API_SECRET": "s" * 32}
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            assert any(line.startswith("READY ") for line in process.stdout), "it ended before it was ready"
            yield
        finally:
            process.terminate()


def test_the_twin_runs_alone_with_a_key_of_ones_choice() -> None:
    port = free_port()
    headers = {"authorization": "Klaviyo-API-Key pk_mine", "revision": "2026-10-15"}
    with program("devstore.klaviyo", "--port", str(port), "--private-key", "pk_mine"):
        answer = httpx.get(f"http://127.0.0.1:{port}/api/accounts", headers=headers)
        assert answer.status_code == 200, answer.text


def test_a_store_brings_its_account_with_it() -> None:
    port, twin = free_port(), free_port()
    store = ("--port", str(port), "--klaviyo-port", str(twin), "--app-url", "http://127.0.0.1:1")
    headers = {"authorization": f"Klaviyo-API-Key {PRIVATE_KEY}", "revision": "2026-10-15"}
    with program("devstore", *store), httpx.Client(base_url=f"http://127.0.0.1:{twin}", headers=headers) as http:
        counts = http.get("/_dev/state").json()["counts"]
        shop = httpx.get(f"http://127.0.0.1:{port}/_dev/state").json()["counts"]
        assert (counts["catalog"], counts["lists"]) == (shop["products"], 1)
        metrics = http.get("/api/metrics", params={"filter": 'equals(integration.name,"Shopify")'}).json()["data"]
        assert "Placed Order" in [one["attributes"]["name"] for one in metrics]
        httpx.post(f"http://127.0.0.1:{port}/_dev/clock", json={"advance_s": 86_400})
        clocks = [httpx.get(f"http://127.0.0.1:{one}/_dev/clock").json()["now"][:13] for one in (port, twin)]
        assert clocks[0] == clocks[1]
