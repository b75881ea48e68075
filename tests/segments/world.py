"""A drawn shop of customers with orders, behaviour and mails, written where they stand in production, and the same as
values of the core: what the warehouse counts of the one can be compared with what Python makes of the other.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pyarrow as pa

from app.adapters.lake.schema import ENGAGEMENT, EVENTS
from app.core.segments import rfm
from app.core.segments.lifecycle import LEAST_GAPS, USUAL_S
from app.core.segments.past import Deed, Line, Order, Past, Scale
from app.core.segments.rfm import Cuts
from app.core.segments.rules import Figure, Kind, Selection
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.serving.catalogue import rows_of

NOW = datetime(2026, 6, 15, 13, 30, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
TODAY_S = int(NOW.replace(hour=0, minute=0).timestamp())
DAY_S = 86_400
PRODUCTS = range(1, 13)
TYPES = ("Sofas", "Bedding", "Lamps")
COLLECTION = 7
TYPE_OF = {Figure.VIEWS: "product_view", Figure.CARTS: "add_to_cart", Figure.CLICKS: "click",
           Figure.SEARCHES: "search", Figure.CHECKOUTS: "checkout_started"}  # fmt: skip
MAIL_OF = {Figure.MAILS: "received", Figure.OPENS: "opened", Figure.MAIL_CLICKS: "clicked"}
SELECTIONS = (
    Selection(Kind.COLLECTION, str(COLLECTION)),
    Selection(Kind.TYPE, "Sofas"),
    Selection(Kind.VENDOR, "North"),
    Selection(Kind.PRODUCT, "3"),
)
CHOSEN: Mapping[Selection, frozenset[int]] = {
    SELECTIONS[0]: frozenset({1, 5, 9}),
    SELECTIONS[1]: frozenset(id for id in PRODUCTS if TYPES[id % 3] == "Sofas"),
    SELECTIONS[2]: frozenset(id for id in PRODUCTS if id % 2),
    SELECTIONS[3]: frozenset({3}),
}


@dataclass
class World:
    """`pasts` by profile; profile ``p<n>`` holds customer n, every fifth one customer 1000 + n too."""

    pasts: dict[str, Past] = field(default_factory=dict)

    @property
    def scale(self) -> Scale:
        """What the shop is measured by, worked out here from the pasts alone."""
        buyers = [past for past in self.pasts.values() if past.orders]
        gaps = sorted(
            later - earlier
            for at in (sorted(order.at_s for order in past.orders) for past in buyers)
            for earlier, later in itertools.pairwise(at)
        )
        half = len(gaps) // 2
        median = (gaps[half] if len(gaps) % 2 else (gaps[half - 1] + gaps[half]) // 2) if gaps else 0
        cuts = Cuts(
            rfm.cuts_of(max(order.at_s for order in past.orders) for past in buyers),
            rfm.cuts_of(len(past.orders) for past in buyers),
            rfm.cuts_of(sum(order.net for order in past.orders) for past in buyers),
        )
        usual_s = median if len(gaps) >= LEAST_GAPS else USUAL_S
        return Scale(NOW_S, TODAY_S, usual_s, cuts, CHOSEN, levels())


def levels() -> dict[int, int]:
    """Prices are 1000 times the product's number: the thirds of each type of four products."""
    found: dict[int, int] = {}
    for type in range(3):
        mine = [id for id in PRODUCTS if id % 3 == type]
        found |= {id: 1 + 3 * place // len(mine) for place, id in enumerate(mine)}
    return found


def draw(people: int, seed: int) -> World:
    """A world of so many people; some have done nothing at all."""
    chance = random.Random(seed)
    return World({f"p{number}": _past(chance, number) for number in range(1, people + 1)})


def _past(chance: random.Random, number: int) -> Past:
    orders = [_order(chance, 100 * number + place) for place in range(chance.choice([0, 1, 1, 2, 3, 5, 8]))]
    deeds = [_deed(chance) for _ in range(chance.choice([0, 2, 6, 15]))]
    tags = frozenset(tag for tag in ("VIP", "wholesale") if chance.random() < 0.3)
    return Past(orders, deeds, tags, chance.random() < 0.5)


def _ago(chance: random.Random) -> int:
    """Seconds since 1970 of a moment at which nothing hinges on a second."""
    if chance.random() < 0.2:
        return TODAY_S + chance.randrange(600, 40_000)
    return NOW_S - chance.randrange(300) * DAY_S - chance.randrange(1000, 80_000)


def _order(chance: random.Random, id: int) -> Order:
    lines = [
        Line(chance.choice([None, *PRODUCTS]), chance.choice([0, 1, 1, 2]), 0) for _ in range(chance.randrange(1, 4))
    ]
    lines = [Line(line.product_id, line.quantity, line.quantity * 1000 * (line.product_id or 5)) for line in lines]
    return Order(id, _ago(chance), chance.randrange(0, 30_000), chance.random() < 0.4, lines)


def _deed(chance: random.Random) -> Deed:
    figure = chance.choice([*TYPE_OF, *MAIL_OF])
    about = chance.choice([None, *PRODUCTS]) if figure in {Figure.VIEWS, Figure.CARTS, Figure.CLICKS} else None
    return Deed(figure, _ago(chance), about)


def write(world: World, wiring: Worker, shop: Shop) -> None:
    """Put it into PostgreSQL and the lake."""
    with rows_of(wiring.database, shop.id) as connection:
        _catalogue(connection, shop)
        for profile, past in world.pasts.items():
            _person(connection, shop, profile, past)
        connection.commit()
    _events(world, wiring, shop)


def _insert(connection: psycopg.Connection, table: str, **values: Any) -> None:
    columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(values.values()))


def _catalogue(connection: psycopg.Connection, shop: Shop) -> None:
    shown = {"status": "ACTIVE", "published": True, "is_gift_card": False, "image_url": ""}
    for id in PRODUCTS:
        named = {"handle": f"p-{id}", "title": f"Product {id}", "vendor": "North" if id % 2 else "South"}
        _insert(connection, "products", shop_id=shop.id, id=id, product_type=TYPES[id % 3], **named, **shown)
        stock = {"title": "", "sku": "", "price": 1000 * id, "quantity": 5, "tracked": True, "oversell": False}
        _insert(connection, "variants", shop_id=shop.id, id=id, product_id=id, position=1, **stock)
    _insert(connection, "collections", shop_id=shop.id, id=COLLECTION, handle="bedding", title="Bedding")
    for id in CHOSEN[SELECTIONS[0]]:
        _insert(connection, "collection_products", shop_id=shop.id, collection_id=COLLECTION, product_id=id)


def customers_of(profile: str) -> Sequence[int]:
    number = int(profile[1:])
    return [number, 1000 + number] if number % 5 == 0 else [number]


def _person(connection: psycopg.Connection, shop: Shop, profile: str, past: Past) -> None:
    numbers = customers_of(profile)
    for number in numbers:
        marketing = "SUBSCRIBED" if past.accepts_email and number == numbers[0] else "NOT_SUBSCRIBED"
        person = {"email_marketing": marketing, "tags": sorted(past.tags), "orders_count": 0, "amount_spent": 0}
        _insert(connection, "customers", shop_id=shop.id, id=number, opted_out=False, **person)
        member(connection, shop, "customer", str(number), profile)
    for kind, id in names_of(profile).items():
        member(connection, shop, kind, id, profile)
    for place, order in enumerate(past.orders):
        _placed(connection, shop, order, numbers[place % len(numbers)])


def member(connection: psycopg.Connection, shop: Shop, kind: str, id: str, profile: str, standing: str = "own") -> None:
    _insert(connection, "profile_members", shop_id=shop.id, kind=kind, id=id, profile=profile, standing=standing)


def names_of(profile: str) -> dict[str, str]:
    number = int(profile[1:])
    return {
        "visitor": f"{number:032x}",
        "client": f"client-{number}",
        "email": f"{number:064x}",
        "klaviyo": f"K{number}",
    }


def _placed(connection: psycopg.Connection, shop: Shop, order: Order, customer: int) -> None:
    at = datetime.fromtimestamp(order.at_s, UTC)
    money = {"currency": "EUR", "total": order.net + 100, "discounts": 50 if order.discounted else 0, "refunded": 100}
    rest = {"name": f"#{order.id}", "source_name": "web", "test": False, "created_at": at, "updated_at": at}
    _insert(connection, "orders", shop_id=shop.id, id=order.id, customer_id=customer, **money, **rest)
    for place, line in enumerate(order.lines):
        number = {"quantity": line.quantity + 1, "current_quantity": line.quantity}
        price = {"unit_price": 1000 * (line.product_id or 5), "discount": 0, "product_id": line.product_id}
        _insert(
            connection, "order_lines", shop_id=shop.id, id=10 * order.id + place, order_id=order.id, **number, **price
        )


def _events(world: World, wiring: Worker, shop: Shop) -> None:
    seen, mails = [], []
    for profile, past in world.pasts.items():
        names = names_of(profile)
        for place, deed in enumerate(past.deeds):
            common = {"event_id": f"{profile}-{place}", "at": datetime.fromtimestamp(deed.at_s, UTC)}
            if deed.figure in MAIL_OF:
                who = {"email_hash": names["email"]} if place % 2 else {"klaviyo": names["klaviyo"]}
                mails.append({**common, "type": MAIL_OF[deed.figure], **who})
            else:
                who = {"visitor": names["visitor"]} if place % 2 else {"client": names["client"]}
                seen.append({**common, "type": TYPE_OF[deed.figure], "product_id": deed.product_id, **who})
    # What several consumers delivered stands there twice.
    write_days(wiring, shop, "events", EVENTS, [*seen, *seen[::3]])
    write_days(wiring, shop, "engagement", ENGAGEMENT, [*mails, *mails[::3]])


def write_days(wiring: Worker, shop: Shop, kind: str, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> None:
    """One file a day, as the lake has them."""
    by_day: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(row["at"].date(), []).append(row)
    for day, records in by_day.items():
        table = pa.Table.from_pylist([dict(record) for record in records], schema)
        path = f"{wiring.lake_files.day_folder(shop.id, kind, day)}/part-0a.parquet"
        wiring.lake_files.write(path, [table], schema)
