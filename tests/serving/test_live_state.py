"""Live state: what a browser did lately, whoever reports it, however often and in whatever order it arrives."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from app.adapters.redis import keys
from app.adapters.redis.backlog import read_backlog
from app.adapters.redis.erasable import LiveStatePlace
from app.adapters.redis.live_state import KEPT_SHOWN, LIVES_S, RedisLiveState
from app.adapters.redis.preferences import RedisPreferences
from app.config import Settings
from app.core.events import Event, EventType
from app.core.ids import ClientId, CustomerId, ProductId, ShopId, VisitorId
from app.core.recommend.impressions import MOST_KEPT, visit_of
from app.core.shops import Shop
from app.ports import Subject, VisitorState
from app.services.fold_events import Ports, fold_events
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.patience import eventually
from workers.stream import lake as lake_reader
from workers.stream import live as live_reader
from workers.stream import run_together

SHOP, OTHER = ShopId(1), ShopId(2)
ANN, BEN = VisitorId("a" * 32), VisitorId("b" * 32)
PHONE, TABLET = ClientId("phone-1"), ClientId("tablet.2")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NUMBERS = itertools.count()


@pytest.fixture
def live(wiring: Web, live_redis: redis.Redis) -> RedisLiveState:
    return wiring.live_state


def did(type: EventType, product: int | None = None, **facts: Any) -> Event:
    """One event, a second after the last one that was made, unless `after_s` says when."""
    after = facts.pop("after_s", None)
    number = next(NUMBERS)
    consent = {"analytics": True, "preferences": True, "marketing": False}
    at = START + timedelta(seconds=number if after is None else after)
    named = {"visitor": ANN, "client": None, "consent": consent, **facts}
    of = None if product is None else ProductId(product)
    return Event(event_id=f"e{number}", type=type, at=at, product_id=of, **named)


def viewed(product: int, **facts: Any) -> Event:
    return did(EventType.PRODUCT_VIEW, product, **facts)


def state(live: RedisLiveState, visitor: VisitorId = ANN, shop: ShopId = SHOP) -> VisitorState:
    return live.read(shop, visitor, list_of=None)


@dataclass
class Stopped:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def names(connection: redis.Redis) -> set[str]:
    return {name.decode() for name in connection.scan_iter(f"attune:{SHOP}:*")}


def counted(wiring: Web) -> tuple[int, int]:
    totals = wiring.counters.totals()
    return totals["clients_paired"], totals["clients_contradicted"]


def test_what_a_visitor_did_stands_newest_first_each_kind_apart(live: RedisLiveState) -> None:
    live.fold(
        SHOP,
        [
            viewed(1),
            viewed(2),
            viewed(1),
            did(EventType.CLICK, 3),
            did(EventType.EXPOSURE, 4),
            did(EventType.ADD_TO_CART, 5),
            did(EventType.PAGE_VIEW, path="/"),
            did(EventType.CART_VIEW, products=(ProductId(9),)),
        ],
    )
    assert state(live) == VisitorState(viewed=(ProductId(1), ProductId(2)), clicked=(ProductId(3),),
                                       seen=(ProductId(4),), carted=(ProductId(5),))  # fmt: skip


def test_a_ghost_is_of_a_card_that_nobody_saw(live: RedisLiveState) -> None:
    live.fold(SHOP, [did(EventType.EXPOSURE, 4, ghost=True), did(EventType.EXPOSURE, 5)])
    assert state(live).seen == (5,)
    live.fold(SHOP, [did(EventType.EXPOSURE, 6, ghost=True, client=PHONE), viewed(7, visitor=None, client=PHONE)])
    assert (state(live).seen, state(live).viewed) == ((5,), (7,))


def test_the_latest_twenty_are_kept_however_often_and_in_whatever_order_they_are_folded(
    live: RedisLiveState, live_redis: redis.Redis
) -> None:
    views = [viewed(100 + number) for number in range(30)]
    random.Random(1).shuffle(views)
    for batch in (views[10:], views[:20], views):
        live.fold(SHOP, batch)
    assert state(live).viewed == tuple(range(129, 109, -1))
    assert 0 < int(live_redis.ttl(keys.visitor(SHOP, ANN))) <= LIVES_S


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_was_taken_out_of_the_cart_is_out_whatever_arrives_last(live: RedisLiveState, order: list[int]) -> None:
    events = [
        did(EventType.ADD_TO_CART, 1, after_s=1),
        did(EventType.ADD_TO_CART, 2, after_s=2),
        did(EventType.REMOVE_FROM_CART, 1, after_s=3),
    ]
    for place in order:
        live.fold(SHOP, [events[place]])
    assert state(live).carted == (2,)
    live.fold(SHOP, [did(EventType.ADD_TO_CART, 1, after_s=4), *events])
    assert state(live).carted == (1, 2), "it was put in again later"


def test_an_empty_cart_leaves_no_field_behind(live: RedisLiveState) -> None:
    live.fold(SHOP, [did(EventType.ADD_TO_CART, 1), did(EventType.REMOVE_FROM_CART, 1)])
    assert state(live).carted == ()


def test_what_was_bought_is_no_longer_in_the_cart(live: RedisLiveState) -> None:
    live.fold(SHOP, [did(EventType.ADD_TO_CART, 1), did(EventType.ADD_TO_CART, 2)])
    live.fold(SHOP, [did(EventType.PURCHASE, products=(ProductId(1),))])
    assert state(live).carted == (2,)


def test_only_events_whose_visitor_allows_preferences_are_folded(live: RedisLiveState, live_redis: redis.Redis) -> None:
    refusing = {"analytics": True, "preferences": False, "marketing": True}
    events = [viewed(1, consent=refusing), did(EventType.IDENTITY, client=PHONE, consent=refusing)]
    fold_events([(SHOP, event) for event in events], Ports(live, RedisPreferences(live_redis)))
    assert list(live_redis.scan_iter("attune:*")) == []
    fold_events([(SHOP, viewed(2))], Ports(live, RedisPreferences(live_redis)))
    assert state(live).viewed == (2,)


# -- A visitor and a client are one browser --------------------------------------------------------------------------


def test_what_the_pixel_reported_alone_is_the_visitors_as_soon_as_the_pair_is_known(
    live: RedisLiveState, wiring: Web, live_redis: redis.Redis
) -> None:
    live.fold(SHOP, [viewed(1, visitor=None, client=PHONE), did(EventType.ADD_TO_CART, 7, visitor=None, client=PHONE)])
    assert state(live) == VisitorState()
    live.fold(SHOP, [viewed(2), did(EventType.IDENTITY, client=PHONE)])
    assert (state(live).viewed, state(live).carted) == ((2, 1), (7,))
    live.fold(SHOP, [viewed(3, visitor=None, client=PHONE)])
    assert state(live).viewed == (3, 2, 1)
    assert not live_redis.exists(keys.client_state(SHOP, PHONE))
    assert counted(wiring) == (1, 0)


def test_any_event_with_both_ids_teaches_the_pair_and_learning_it_again_changes_nothing(
    live: RedisLiveState, wiring: Web
) -> None:
    live.fold(SHOP, [viewed(1, visitor=None, client=PHONE)])
    pair = viewed(2, client=PHONE)
    for _ in range(3):
        live.fold(SHOP, [pair])
    assert state(live).viewed == (2, 1)
    assert counted(wiring) == (1, 0)


def test_one_batch_may_hold_the_pair_and_what_came_before_it(live: RedisLiveState) -> None:
    live.fold(SHOP, [viewed(1, visitor=None, client=PHONE), did(EventType.PAGE_VIEW, client=PHONE, path="/")])
    assert state(live).viewed == (1,)


def test_a_visitor_may_have_two_clients(live: RedisLiveState) -> None:
    for number, client in enumerate((PHONE, TABLET)):
        live.fold(SHOP, [viewed(number + 1, visitor=None, client=client), did(EventType.IDENTITY, client=client)])
    assert state(live).viewed == (2, 1)


def test_a_client_stays_with_its_first_visitor_and_the_contradiction_is_counted(
    live: RedisLiveState, wiring: Web
) -> None:
    live.fold(SHOP, [did(EventType.IDENTITY, client=PHONE)])
    live.fold(SHOP, [viewed(5, visitor=BEN, client=PHONE)])
    live.fold(SHOP, [viewed(6, visitor=None, client=PHONE)])
    assert state(live, BEN).viewed == (5,), "who is named in the event did it"
    assert state(live, ANN).viewed == (6,)
    assert counted(wiring) == (1, 1)


def test_the_same_ids_in_another_shop_are_somebody_else(live: RedisLiveState) -> None:
    live.fold(SHOP, [did(EventType.IDENTITY, client=PHONE)])
    live.fold(OTHER, [viewed(1, visitor=None, client=PHONE)])
    assert state(live) == state(live, shop=OTHER) == VisitorState()


def test_everything_about_a_browser_expires(live: RedisLiveState, live_redis: redis.Redis) -> None:
    live.fold(SHOP, [viewed(1, visitor=None, client=TABLET), viewed(2), did(EventType.IDENTITY, client=PHONE)])
    names = list(live_redis.scan_iter("attune:*"))
    assert len(names) == 3
    assert all(0 < int(live_redis.ttl(name)) <= LIVES_S for name in names)


def test_erasing_a_visitor_erases_its_clients_and_a_client_its_visitor(
    live: RedisLiveState, live_redis: redis.Redis
) -> None:
    for subject in (Subject(CustomerId(1), visitors=(ANN,)), Subject(CustomerId(1), clients=(PHONE,))):
        live.fold(SHOP, [viewed(1), did(EventType.IDENTITY, client=PHONE), viewed(2, visitor=None, client=TABLET)])
        live.fold(SHOP, [viewed(3, visitor=BEN)])
        live_redis.rpush(keys.customer(SHOP, 1), 7, 8)
        place = LiveStatePlace(live_redis, Stopped(START + timedelta(days=1)))
        assert {"bought": "7,8"} in place.export_customer(SHOP, subject)
        assert place.erase_customer(SHOP, subject) == 3
        assert {name for name in names(live_redis) if ":erased:" not in name} == {
            keys.client_state(SHOP, TABLET),
            keys.visitor(SHOP, BEN),
        }
        assert not any(ANN in name or PHONE in name for name in names(live_redis))
        live_redis.flushdb()


@pytest.mark.parametrize("subject", [Subject(CustomerId(1), visitors=(ANN,)), Subject(CustomerId(1), clients=(PHONE,))])
def test_what_a_reader_held_in_its_hand_during_an_erasure_leaves_nothing_behind(
    live: RedisLiveState, live_redis: redis.Redis, subject: Subject
) -> None:
    pair = [viewed(1), did(EventType.IDENTITY, client=PHONE), viewed(2, visitor=None, client=PHONE)]
    live.fold(SHOP, pair)
    held = [viewed(3), did(EventType.IDENTITY, client=TABLET), viewed(4, visitor=None, client=PHONE), viewed(5), *pair]
    erased_at = max(event.at for event in held)
    LiveStatePlace(live_redis, Stopped(erased_at)).erase_customer(SHOP, subject)
    live.fold(SHOP, held)
    fold_events([(SHOP, event) for event in held], Ports(live, RedisPreferences(live_redis)))
    assert [name for name in names(live_redis) if ":erased:" not in name] == []
    assert all(0 < int(live_redis.ttl(name)) <= LIVES_S for name in names(live_redis))

    later = viewed(6, after_s=(erased_at - START).total_seconds() + 1, client=PHONE)
    live.fold(SHOP, [*held, later])
    assert state(live).viewed == (6,), "what is done after the erasure is another matter"
    live.fold(OTHER, held)
    assert state(live, shop=OTHER).viewed[0] == 5


def test_a_pair_that_is_learnt_while_its_visitor_is_erased_is_erased_too(
    live: RedisLiveState, live_redis: redis.Redis
) -> None:
    live.fold(SHOP, [viewed(1)])
    late = did(EventType.IDENTITY, client=PHONE)

    class Meanwhile(Stopped):
        """The clock is asked between the search for pairs and the tombstones."""

        def now(self) -> datetime:
            live.fold(SHOP, [late, viewed(2, visitor=None, client=PHONE)])
            return super().now()

    place = LiveStatePlace(live_redis, Meanwhile(START + timedelta(days=1)))
    place.erase_customer(SHOP, Subject(CustomerId(1), visitors=(ANN,)))
    assert [name for name in names(live_redis) if ":erased:" not in name] == []
    live.fold(SHOP, [viewed(3, visitor=None, client=PHONE)])
    assert [name for name in names(live_redis) if ":erased:" not in name] == []


# -- Reading ---------------------------------------------------------------------------------------------------------


def test_a_signed_customers_purchases_come_in_the_same_round_trip(
    live: RedisLiveState, live_redis: redis.Redis
) -> None:
    live_redis.rpush(keys.customer(SHOP, 4), 30, 20, 10)
    live.fold(SHOP, [viewed(1)])
    both = live.read(SHOP, ANN, list_of=ProductId(1), customer=CustomerId(4))
    assert (both.viewed, both.bought, both.stored) == ((1,), (30, 20, 10), None)
    assert live.read(SHOP, None, list_of=None, customer=CustomerId(4)).bought == (30, 20, 10)
    assert live.read(SHOP, None, list_of=None, customer=CustomerId(5)) == VisitorState()


def test_a_key_that_is_not_ours_costs_only_the_state(
    live: RedisLiveState, live_redis: redis.Redis, wiring: Web
) -> None:
    live_redis.set(keys.visitor(SHOP, ANN), "a text")
    live.fold(SHOP, [viewed(1), viewed(2, visitor=BEN)])
    assert state(live, BEN).viewed == (2,)
    assert state(live, ANN) == VisitorState(known=False)
    assert wiring.counters.totals()["live_state_failed"] == 2


# -- What was shown again and again ----------------------------------------------------------------------------------


def in_view(product: int, minutes: float, **facts: Any) -> Event:
    """A card that was in view so many minutes after the start, which is on the border of a visit."""
    return did(EventType.EXPOSURE, product, after_s=60 * minutes, **facts)


def shown(live: RedisLiveState, visitor: VisitorId = ANN) -> dict[int, list[int]]:
    """The visits in which each product was in view, counted back from the newest possible one of the test."""
    start = visit_of(START)
    found = live.read(SHOP, visitor, list_of=None, showings=True).shown
    return {product: [visit - start for visit in visits] for product, visits in found.items()}


def test_showings_are_counted_by_visits_however_often_and_in_whatever_order_they_are_folded(
    live: RedisLiveState,
) -> None:
    events = [in_view(4, 1), in_view(4, 9), in_view(4, 11), in_view(5, 3), in_view(4, 100), in_view(5, 2, ghost=True)]
    for order in itertools.permutations(events, 4):
        live.fold(SHOP, order)
    live.fold(SHOP, events)
    assert shown(live) == {4: [10, 1, 0], 5: [0]}
    assert state(live).shown == {}, "it is read only where somebody asks for it"


def test_of_each_product_the_newest_showings_and_of_all_the_products_shown_last_are_kept(live: RedisLiveState) -> None:
    live.fold(SHOP, [in_view(1, 10 * visit) for visit in range(MOST_KEPT + 5)])
    live.fold(SHOP, [in_view(100 + number, 60 + 10 * number) for number in range(KEPT_SHOWN)])
    found = shown(live)
    assert len(found) == KEPT_SHOWN
    assert found[1] == list(range(MOST_KEPT + 4, 4, -1))
    assert 100 not in found, "it was shown longest ago"


def test_what_the_pixels_client_was_shown_is_the_visitors_and_goes_with_an_erasure(
    live: RedisLiveState, live_redis: redis.Redis
) -> None:
    live.fold(SHOP, [in_view(7, 1, visitor=None, client=PHONE), in_view(7, 25)])
    live.fold(SHOP, [did(EventType.IDENTITY, client=PHONE, after_s=60 * 26)])
    assert shown(live) == {7: [2, 0]}
    place = LiveStatePlace(live_redis, Stopped(START + timedelta(minutes=30)))
    assert any("shown" in found for found in place.export_customer(SHOP, Subject(CustomerId(1), visitors=(ANN,))))
    place.erase_customer(SHOP, Subject(CustomerId(1), visitors=(ANN,)))
    live.fold(SHOP, [in_view(7, 29), in_view(8, 45)])
    assert shown(live) == {8: [4]}


# -- From the door to the state --------------------------------------------------------------------------------------


def test_the_stream_process_folds_what_came_and_leaves_decisions_and_preferences_alone(
    settings: Settings, wiring: Web, shop: Shop, live_redis: redis.Redis
) -> None:
    refusing = {"analytics": True, "preferences": False, "marketing": False}
    wiring.events.append(shop.id, [viewed(1), viewed(2, consent=refusing), viewed(3, visitor=None, client=PHONE)])
    wiring.events.append(shop.id, [viewed(4, client=PHONE)])
    worker = Worker(settings)
    try:
        readers = [read(worker, "one") for read in (live_reader, lake_reader)]
        running = threading.Thread(target=run_together, args=(readers,))
        running.start()
        eventually(lambda: state(wiring.live_state, shop=shop.id).viewed == (4, 3, 1), "the events are folded")
        nobody = {"live": 0.0, "lake": 0.0}
        eventually(lambda: read_backlog(live_redis).oldest_s == nobody, "both readers have acknowledged everything")
        for reader in readers:
            reader.stop()
        running.join()
    finally:
        worker.close()
    assert read_backlog(live_redis).dead == 0
