"""A shop with a web pixel, served on loopback, beside a collector that keeps what the pixel sends to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from devstore.model import WebPixel
from devstore.server import create, serving
from devstore.store import Store
from devstore.worlds import build
from tests.devstore.front.shop import options
from tests.patience import eventually


@dataclass
class Collector:
    bodies: list[dict[str, Any]] = field(default_factory=list)
    origins: set[str | None] = field(default_factory=set)

    def flask(self) -> Flask:
        app = Flask("collector")

        @app.post("/collect")
        def collect() -> Response:
            self.origins.add(request.headers.get("Origin"))
            self.bodies.append(json.loads(request.get_data()))
            return Response(status=202, headers={"Access-Control-Allow-Origin": "*"})

        return app

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for body in list(self.bodies) if body["kind"] == kind]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [body["event"] for body in self.of("event") if body["event"]["name"] == name]

    def wait_for(self, name: str, count: int = 1) -> dict[str, Any]:
        """The last event of a name, once there are `count`."""
        eventually(lambda: len(self.events(name)) >= count, f"the pixel has sent {count} {name}")
        return self.events(name)[-1]


@dataclass(frozen=True, slots=True)
class PixelShop:
    origin: str
    store: Store
    collector: Collector


@contextmanager
def pixel_shop() -> Iterator[PixelShop]:
    """The small world with the test extension's pixel connected."""
    collector = Collector()
    with serving(collector.flask()) as collect:
        app = create(build("small"), options())
        store: Store = app.extensions["devstore_store"]
        store.web_pixel = WebPixel(77, {"collect": f"{collect}/collect"})
        with serving(app) as origin:
            yield PixelShop(origin, store, collector)
