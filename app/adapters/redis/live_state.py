"""Live state of consenting visitors: what they last did, folded by the stream's readers, read once per request.

What the web pixel reports with its own client id alone stands under that id until an event names the visitor too; then
it is merged into the visitor's state, and the client's later events go there at once. The first pair is believed: a
client that is later said to be another visitor stays with its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import redis

from app.adapters.counters import Count, Counters
from app.adapters.redis import keys
from app.adapters.redis.customers import orders_of
from app.adapters.redis.folding import CARTED, CLICKED, FOLD, SEEN, SHOWN, UNCARTED, VIEWED
from app.adapters.redis.preferences import preferences_of
from app.adapters.redis.round_trip import Command, RoundTrips
from app.adapters.redis.units import stitch_command, with_script
from app.core.events import Event, EventType
from app.core.experiments.types import Unit
from app.core.ids import ClientId, CustomerId, ProductId, ShopId, VisitorId
from app.core.recommend.impressions import MOST_KEPT, VISIT_S
from app.core.recommend.types import ReasonCode
from app.core.shop_days import SESSION_GAP
from app.errors import Retryable
from app.ports import StoredList, VisitorState

KEPT: Final = 20
KEPT_SHOWN: Final = 60
"""Products whose showings are remembered: a shopper who sees more of them in a month ignores none in particular."""
LIVES_S: Final = 30 * 24 * 3600
PAUSE_S: Final = 1.0
"""After a failure Redis is not asked for so long: the storefront must not wait for a time-out on every request."""
FIELDS: Final = {
    EventType.PRODUCT_VIEW: VIEWED,
    EventType.CLICK: CLICKED,
    EventType.EXPOSURE: SEEN,
    EventType.ADD_TO_CART: CARTED,
    EventType.REMOVE_FROM_CART: UNCARTED,
}
FOLDED: Final = frozenset({*FIELDS, EventType.PURCHASE})
READ: Final = tuple(field.encode() for field in (VIEWED, CLICKED, SEEN, CARTED))
GAP_MS: Final = int(SESSION_GAP.total_seconds() * 1000)
UNKNOWN: Final = VisitorState(known=False)

Owner = tuple[VisitorId | None, ClientId | None]


class RedisLiveState:
    """Implements `app.ports.LiveState` and `VisitorStates`.

    The client's time-outs should be short where requests are answered: they wait for it.
    """

    def __init__(self, connection: redis.Redis, counters: Counters) -> None:
        self._redis = connection
        self._counters = counters
        self._round_trip = RoundTrips(connection)
        self._fold = connection.register_script(FOLD)
        self._closed_until = 0.0

    def read(
        self,
        shop: ShopId,
        visitor: VisitorId | None,
        *,
        list_of: ProductId | None,
        customer: CustomerId | None = None,
        signed_in: CustomerId | None = None,
        showings: bool = False,
        visits: bool = False,
        asker: CustomerId | None = None,
    ) -> VisitorState:
        """The visitor's state and, if asked for, a product's stored list, in one round trip; never raises.

        Args:
            customer: whose purchases are wanted; only one whose id Shopify has signed.
            signed_in: as that; who the visitor is, so that all browsers of a customer are assigned alike.
            showings: whether it is wanted how often which card was in view.
            visits: whether it is wanted what the last visit was about.
            asker: as `signed_in`; whose own settings count beside the visitor's.
        """
        if visitor is None and list_of is None and customer is None:
            return VisitorState()
        if time.monotonic() < self._closed_until:
            return UNKNOWN
        try:
            return self._read(shop, visitor, list_of, customer, signed_in, showings, visits, asker)
        except (redis.RedisError, ValueError):
            self._closed_until = time.monotonic() + PAUSE_S
            self._counters.add(Count.LIVE_STATE_FAILED)
            return UNKNOWN

    def _read(
        self,
        shop: ShopId,
        visitor: VisitorId | None,
        list_of: ProductId | None,
        customer: CustomerId | None,
        signed_in: CustomerId | None,
        showings: bool,
        visits: bool,
        asker: CustomerId | None,
    ) -> VisitorState:
        commands: list[Command] = []
        own = [keys.own_of(shop, "visitor", visitor).encode()] if visitor is not None else []
        own += [keys.own(shop, "customer", str(asker)).encode()] if asker is not None else []
        if visitor is not None:
            fields = (*READ, SHOWN.encode()) if showings else READ
            commands.append((b"HMGET", keys.visitor(shop, visitor).encode(), *fields))
            # A key more in a command costs a request less than a command more.
            own_unit = keys.unit(shop, visitor).encode()
            if signed_in is None:
                own = [own_unit, *own]
            else:
                commands.append(stitch_command(shop, visitor, signed_in))
        if own:
            commands.append((b"MGET", *own))
        if customer is not None:
            commands.append((b"LRANGE", keys.customer(shop, customer).encode(), b"0", b"-1"))
        if list_of is not None:
            commands.append((b"HGET", keys.lists(shop).encode(), b"%d" % list_of))
        answers = iter(self._answers(commands))
        viewed, clicked, seen, carted, *shown = next(answers) if visitor is not None else (None, None, None, None)
        unit, is_new = next(answers) if visitor is not None and signed_in is not None else (None, 0)
        lines = next(answers) if own else []
        if visitor is not None and signed_in is None:
            unit, *lines = lines
        return VisitorState(
            viewed=_products(viewed),
            clicked=_products(clicked),
            seen=_products(seen),
            carted=_products(carted),
            shown=_visits(shown[0]) if shown else {},
            orders=orders_of(next(answers)) if customer is not None else (),
            visit=_visit(viewed, clicked, carted) if visits else (),
            unit=_other_than(visitor, unit),
            stitched=is_new == 1,
            stored=_stored(next(answers)) if list_of is not None else None,
            own=preferences_of(lines),
        )

    def _answers(self, commands: Sequence[Command]) -> list[Any]:
        try:
            return self._round_trip(commands)
        except redis.exceptions.NoScriptError:
            return self._round_trip([with_script(command) for command in commands])

    def close(self) -> None:
        self._round_trip.close()

    def fold(self, shop: ShopId, events: Iterable[Event]) -> None:
        """Add the events to their visitors' state; folding one twice changes nothing.

        Raises:
            Retryable: Redis does not answer.
        """
        batches: dict[Owner, list[Event]] = {}
        for event in events:
            if (event.type in FOLDED and not event.ghost) or (event.visitor and event.client):
                batches.setdefault((event.visitor, event.client), []).append(event)
        if not batches:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for owner, theirs in batches.items():
            self._fold(keys=_keys(shop, owner), args=_arguments(shop, owner, theirs), client=pipeline)
        try:
            self._count(pipeline.execute(raise_on_error=False))
        except redis.RedisError as error:
            raise Retryable(f"live state does not answer: {error}") from error

    def _count(self, answers: Sequence[Any]) -> None:
        """A state that could not be folded is only counted: the events are safe, and the state is but a help."""
        for name, number in (
            (Count.LIVE_STATE_FAILED, sum(isinstance(answer, Exception) for answer in answers)),
            (Count.CLIENTS_PAIRED, answers.count(1)),
            (Count.CLIENTS_CONTRADICTED, answers.count(-1)),
        ):
            if number:
                self._counters.add(name, number)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _changes(event: Event) -> Iterator[str | int]:
    """Field, product and milliseconds of each thing that the event did, one after the other.

    A ghost is of a card that nobody saw.
    """
    at = milliseconds(event.at)
    field = None if event.ghost else FIELDS.get(event.type)
    if field is not None and event.product_id is not None:
        yield from (field, event.product_id, at)
    if event.type is EventType.PURCHASE:
        for product in event.products:
            yield from (UNCARTED, product, at)


def _keys(shop: ShopId, owner: Owner) -> list[str]:
    visitor, client = owner
    if client is None:
        assert visitor is not None
        return [keys.visitor(shop, visitor)]
    own = keys.client_state(shop, client)
    return [keys.visitor(shop, visitor) if visitor else own, keys.client(shop, client), own]


def _arguments(shop: ShopId, owner: Owner, events: Sequence[Event]) -> list[str | int]:
    visitor, client = owner
    newest = max(milliseconds(event.at) for event in events)
    changes = (part for event in events for part in _changes(event))
    prefixes = (keys.visitor(shop, ""), keys.erased(shop, ""))
    of_shown = (KEPT_SHOWN, MOST_KEPT, VISIT_S * 1000)
    return [KEPT, LIVES_S, *prefixes, visitor or "", client or "", newest, *of_shown, *changes]


def _other_than(visitor: VisitorId | None, unit: bytes | None) -> Unit | None:
    """The first browser of a customer is its own unit, and needs no mention."""
    found = unit.decode() if unit else None
    return Unit(found) if found and found != visitor else None


def _products(text: bytes | None) -> tuple[ProductId, ...]:
    """The products of ``product:milliseconds,…``; a pattern would try every digit of the times as well."""
    return cast(tuple[ProductId, ...], tuple(map(int, text.replace(b":", b",").split(b",")[::2]))) if text else ()


def _visit(*texts: bytes | None) -> tuple[ProductId, ...]:
    """The products of the last visit, oldest first: going back, half an hour without anything is where it began."""
    done: dict[int, int] = {}
    for text in texts:
        numbers = list(map(int, text.replace(b":", b",").split(b","))) if text else []
        for product, at in zip(numbers[::2], numbers[1::2], strict=True):
            done[product] = max(at, done.get(product, 0))
    newest_first = sorted(done.items(), key=lambda one: (-one[1], one[0]))
    visit: list[ProductId] = []
    before = newest_first[0][1] if newest_first else 0
    for product, at in newest_first[:KEPT]:
        if before - at > GAP_MS:
            break
        visit.append(ProductId(product))
        before = at
    return tuple(reversed(visit))


def _visits(text: bytes | None) -> Mapping[ProductId, tuple[int, ...]]:
    """The visits of ``product:visit.visit,…``."""
    parts = (one.partition(b":") for one in text.split(b",")) if text else ()
    return {ProductId(int(product)): tuple(map(int, visits.split(b"."))) for product, _, visits in parts}


def _stored(text: bytes | None) -> StoredList | None:
    if not text:
        return None
    code, *products = text.decode().split(",")
    return StoredList(ReasonCode(code), tuple(ProductId(int(product)) for product in products if product))
