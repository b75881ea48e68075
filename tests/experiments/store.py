"""A small store in which an experiment runs: answers, cards in view, clicks and orders, as the consumers bring them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import text

from app.core.events import Event, EventType
from app.core.experiments.reading import ArmReading, Reading
from app.core.experiments.types import (
    CONTROL,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Metric,
    Show,
    Status,
    Treatment,
)
from app.core.ids import ClientId, CustomerId, OrderId, ProductId, RequestId, VisitorId
from app.core.recommend.types import Placement, Rail
from app.core.shops import Shop
from app.ports import Change, Decision, KeptExperiment, Window
from app.services.read_experiment import read_experiment
from app.services.store_records import Ports, store_records
from app.wiring.worker import Worker
from tests.experiments.register import SetClock

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
B = ArmKey("b")
DRAFT = Experiment(
    id=ExperimentId(0),
    name="Trending first",
    kind=Kind.AB,
    status=Status.DRAFT,
    layer="rails",
    salt="pepper",
    arms=(Arm(CONTROL, "As now", 1), Arm(B, "B", 1)),
    rails=(Rail.BOUGHT_TOGETHER,),
)
HOLD_OUT = replace(
    DRAFT,
    name="Hold-out",
    kind=Kind.HOLD_OUT,
    layer="hold-out",
    arms=(Arm(CONTROL, "Without Attune", 1, Treatment(show=Show.EMPTY)), Arm(ArmKey("attune"), "Attune", 1)),
    rails=tuple(Rail),
)
CONSENT = {"analytics": True, "preferences": True, "marketing": False}


def visitor(number: int) -> VisitorId:
    return VisitorId(f"{number:032x}")


@dataclass
class ObservedStore:
    """What happens in the store, hours after `START`; nothing is in the lake before `settle`."""

    wiring: Worker
    shop: Shop
    clock: SetClock
    experiment: Experiment = DRAFT
    waiting: list[Event | Decision] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, draft: Experiment = DRAFT, *, start: datetime = START) -> ExperimentId:
        """Start the experiment."""
        change = Change(start, "Alice", "Started.")
        id = self.wiring.experiments.add(self.shop.id, replace(draft, status=Status.RUNNING), change)
        self.experiment = self.kept(id).experiment
        return id

    def kept(self, id: ExperimentId | None = None) -> KeptExperiment:
        found = self.wiring.experiments.one(self.shop.id, id or self.experiment.id)
        assert found is not None
        return found

    def exclude(self, since: float, until: float) -> None:
        span = Window(moment(since), moment(until), "the theme was broken", "Alice", moment(until))
        self.wiring.experiments.exclude(self.shop.id, self.experiment.id, span)

    # -- what browsers report ----------------------------------------------------------------------------------------

    def answer(
        self,
        who: int,
        arm: str | None,
        hours: float,
        *,
        unit: int | None = None,
        items: Sequence[Mapping[str, Any]] = (),
        others: str = "",
        strategy: str = "item_item",
    ) -> RequestId:
        """A rail was asked for; returns the request."""
        request = RequestId(f"r-{next(self.numbers)}")
        own = f"{self.experiment.id}:{arm}" if arm else ""
        variant = ",".join(part for part in (others, own) if part) or "default"
        decision = Decision(
            request,
            moment(hours),
            "product",
            "bought_together",
            ProductId(1),
            visitor(who),
            strategy,
            variant,
            "v1",
            [dict(item) for item in items] or [{"product_id": 2, "position": 0, "score": 1.0, "reason": "x"}],
            unit=None if unit is None else visitor(unit),
        )
        self.waiting.append(decision)
        return request

    def see(
        self, who: int, arm: str | None, hours: float = 1, *, cards: int = 1, ghost: bool = False, **facts: Any
    ) -> RequestId:
        """A rail was asked for and so many of its cards were in view."""
        request = self.answer(who, arm, hours, **facts)
        for position in range(cards):
            self._report(who, EventType.EXPOSURE, hours, request_id=request, position=position, ghost=ghost, **CARD)
        return request

    def click(self, who: int, request: RequestId, hours: float = 1, *, product: int = 2) -> None:
        self._report(who, EventType.CLICK, hours, request_id=request, **{**CARD, "product_id": ProductId(product)})

    def do(self, who: int, type: EventType, hours: float, **facts: Any) -> None:
        self._report(who, type, hours, **facts)

    def meet(self, who: int, client: str, hours: float = 0) -> None:
        """The browser says both of its names."""
        self._report(who, EventType.IDENTITY, hours, client=ClientId(client))

    # -- orders ------------------------------------------------------------------------------------------------------

    def buy(
        self,
        who: int,
        hours: float,
        price: int = 1000,
        *,
        quantity: int = 1,
        request: RequestId | None = None,
        customer: int | None = None,
        currency: str = "EUR",
        reported: bool = True,
        **facts: Any,
    ) -> OrderId:
        """An order of one line; the browser reports it a minute later."""
        number = 1000 + next(self.numbers)
        values = {
            "shop": self.shop.id,
            "order": number,
            "customer": customer,
            "currency": currency,
            "total": price * quantity,
            "at": moment(hours),
            "quantity": quantity,
            "price": price,
            "request": request,
        }
        self._execute(ORDER, values)
        self._execute(LINE, values)
        if reported:
            self._report(who, EventType.PURCHASE, hours + 1 / 60, order_id=OrderId(number), **facts)
        return OrderId(number)

    def refund(self, order: OrderId, *, left: int) -> None:
        """Goods were sent back or removed; so many units stay."""
        self._execute(
            "UPDATE order_lines SET current_quantity = :left WHERE order_id = :order", {"left": left, "order": order}
        )

    def reprice(self, order: OrderId, price: int) -> None:
        self._execute(
            "UPDATE order_lines SET unit_price = :price WHERE order_id = :order", {"price": price, "order": order}
        )

    def pay_back(self, order: OrderId, amount: int) -> None:
        """A refund of money without goods."""
        self._execute(REFUND, {"shop": self.shop.id, "id": next(self.numbers), "order": order, "amount": amount})

    def list(self, customer: int, arm: str, hours: float) -> None:
        """The customer stands on the list of the e-mail experiment that was taken away then."""
        values = {"shop": self.shop.id, "test": self.experiment.id, "id": customer, "arm": arm, "at": moment(hours)}
        self._execute(LISTED, values)

    def customer(self, number: int, *, tags: Sequence[str] = ()) -> CustomerId:
        self._execute(CUSTOMER, {"shop": self.shop.id, "id": number, "tags": list(tags)})
        return CustomerId(number)

    def keep_for(self, days: int) -> None:
        """The merchant's term: how long the shop keeps what its visitors did."""
        self._execute(RETENTION, {"shop": self.shop.id, "days": days})

    # -- reading -----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        store_records([(self.shop.id, record) for record in self.waiting], Ports(self.wiring.lake))
        self.waiting.clear()

    def read(self, **facts: Any) -> Reading:
        self.settle()
        return read_experiment(self.shop.id, self.kept(), self.wiring.reading, **facts)

    def arms(self, **facts: Any) -> dict[str, ArmReading]:
        return {arm.arm: arm for arm in self.read(**facts).arms}

    def _report(self, who: int, type: EventType, hours: float, **facts: Any) -> None:
        named: dict[str, Any] = {"visitor": visitor(who), "client": None, **facts}
        self.waiting.append(Event(f"e-{next(self.numbers)}", type, moment(hours), consent=CONSENT, **named))

    def _execute(self, statement: str, values: Mapping[str, Any]) -> None:
        with self.wiring.database.shop(self.shop.id) as session:
            session.execute(text(statement), dict(values))


CARD: dict[str, Any] = {
    "placement": Placement.PRODUCT,
    "rail": Rail.BOUGHT_TOGETHER,
    "product_id": ProductId(2),
}
ORDER = """
    INSERT INTO orders (shop_id, id, name, customer_id, currency, total, discounts, refunded, source_name, test,
                        created_at, updated_at)
    VALUES (:shop, :order, '', :customer, :currency, :total, 0, 0, 'web', false, :at, :at)
"""
LINE = """
    INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, discount,
                             request_id)
    VALUES (:shop, :order, :order, 2, :quantity, :quantity, :price, 0, :request)
"""
REFUND = """
    INSERT INTO refunds (shop_id, id, order_id, amount, created_at, lines_known)
    VALUES (:shop, :id, :order, :amount, now(), true)
"""
RETENTION = """
    INSERT INTO settings (shop_id, name, value, updated_at)
    VALUES (:shop, 'retention', jsonb_build_object('days', cast(:days AS int)), now())
"""
LISTED = """
    INSERT INTO experiment_customers (shop_id, experiment_id, customer_id, arm, at)
    VALUES (:shop, :test, :id, :arm, :at)
"""
CUSTOMER = """
    INSERT INTO customers (shop_id, id, orders_count, amount_spent, email_marketing, opted_out, tags)
    VALUES (:shop, :id, 0, 0, '', false, :tags)
"""
PROFILE = """
    INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at)
    VALUES (:shop, '', 'EUR', :zone, '', now()) ON CONFLICT (shop_id) DO UPDATE SET timezone = :zone
"""


def moment(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def mean(arm: ArmReading, metric: Metric) -> float:
    """The metric's figure, as a page would show it."""
    sums = arm.metrics[metric]
    return sums.x / sums.d


def counted(store: ObservedStore) -> dict[str, tuple[int, int, float]]:
    """Units, orders and revenue of each arm."""
    return {
        key: (arm.units, arm.orders, arm.metrics[Metric.REVENUE_PER_VISITOR].x) for key, arm in store.arms().items()
    }
