"""What a visitor just did changes what they see next: through `/collect`, the stream's reader and the door."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.config import Settings
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.patience import eventually
from tests.serving.conftest import VISITOR, Ask, products_of
from tests.serving.test_collect import batch, event, key, send
from workers.stream import live

__all__ = ["key"]  # A fixture is found by its name in the module that uses it.

Tell = Callable[..., None]
ALLOWED = {"analytics": True, "preferences": True}


@pytest.fixture
def tell(client: FlaskClient, key: str) -> Tell:
    """Report one event of the visitor, as the theme and the pixel do."""

    def telling(**fields: Any) -> None:
        bare = {name: event()[name] for name in ("id", "age_ms")}
        answer = send(client, batch(key, {**bare, "visitor": VISITOR, "consent": ALLOWED, **fields}))
        assert answer.status_code == 202, answer.text

    return telling


@pytest.fixture
def reader(settings: Settings, full_model: ItemModel) -> Iterator[None]:
    """The stream's live reader at work."""
    wiring = Worker(settings)
    stream = live(wiring, "reader")
    thread = threading.Thread(target=stream.run)
    thread.start()
    yield
    stream.stop()
    thread.join()
    wiring.close()


def home(ask: Ask, visitor: str = VISITOR) -> list[tuple[int, str]]:
    answer = ask(placement="home", product_id="", visitor=visitor, limit=3).json
    assert answer is not None
    return [(int(item["product_id"]), item["reason"]["text"]) for item in answer["items"]]


POPULAR = [(number, "Popular in this store") for number in (10, 9, 8)]


def test_a_product_view_changes_the_home_page(full_model: ItemModel, ask: Ask, tell: Tell, reader: None) -> None:
    assert home(ask) == POPULAR
    tell(type="product_view", product_id="2")
    because = "Because you looked at Product 2"
    eventually(lambda: home(ask) == [(n, because) for n in (5, 4, 3)], "the view counts")
    assert home(ask, visitor="b" * 32) == POPULAR


def test_a_view_changes_what_others_viewed_and_a_cart_what_is_left_out(
    full_model: ItemModel, ask: Ask, tell: Tell, reader: None
) -> None:
    assert products_of(ask(rail="also_viewed", visitor=VISITOR)) == [7, 8]
    tell(type="product_view", product_id="5")
    eventually(lambda: products_of(ask(rail="also_viewed", visitor=VISITOR)) == [7, 8, 9], "the view counts")
    tell(type="add_to_cart", product_id="4")
    eventually(lambda: 4 not in [product for product, _ in home(ask)], "what is in the cart is not for her")


def test_without_leave_to_use_preferences_nothing_changes(
    full_model: ItemModel, ask: Ask, tell: Tell, reader: None, wiring: Web, shop: Shop
) -> None:
    tell(type="product_view", product_id="2", consent={"analytics": True, "preferences": False})
    tell(type="product_view", product_id="7", visitor="c" * 32)
    eventually(lambda: home(ask, visitor="c" * 32) != POPULAR, "the later event has been folded")
    assert home(ask) == POPULAR
