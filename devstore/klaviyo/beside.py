"""An account beside a store: joined to its customers, orders and products, in its time, on a port of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from devstore.klaviyo.credentials import PRIVATE_KEY, OAuthClient
from devstore.klaviyo.mailing import run_in_background
from devstore.klaviyo.native import Native, organization_of
from devstore.klaviyo.state import Account
from devstore.klaviyo.twin import create_twin
from devstore.server import listen
from devstore.store import Store


def account_beside(store_app: Flask, *, store_origin: str, origin: str) -> Account:
    """An account joined to the store that `store_app` serves; the twin will be reached at `origin`.

    It knows the app that KLAVIYO_CLIENT_ID and KLAVIYO_CLIENT_SECRET name, as the store knows Shopify's.
    """
    store: Store = store_app.extensions["devstore_store"]
    account = Account(store.clock.now, organization_of(store.world.shop, store_origin), origin)
    account.credentials.private_keys[PRIVATE_KEY] = None
    if client := os.environ.get("KLAVIYO_CLIENT_ID"):
        account.credentials.clients[client] = OAuthClient(client, os.environ["KLAVIYO_CLIENT_SECRET"])
    Native(account, store, store_origin).follow(store_app)
    return account


@contextmanager
def serving_beside(store_app: Flask, port: int, store_origin: str) -> Iterator[Account]:
    """Serve the twin in threads, with its flows running by themselves, for the length of a with block."""
    account = account_beside(store_app, store_origin=store_origin, origin=f"http://127.0.0.1:{port}")
    store: Store = store_app.extensions["devstore_store"]
    twin = create_twin(account, store.clock.advance)
    server, stop = listen(twin, port), threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.05,), name="klaviyo-twin", daemon=True).start()
    run_in_background(twin.extensions["klaviyo_engine"], stop)
    try:
        yield account
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
