"""Every expression that is asked of the lake, with tables to ask it of: what two engines must answer alike."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from app.adapters.lake.schema import DECISIONS, ENGAGEMENT, EVENTS
from app.analytics import (
    affinities,
    customers,
    engagement,
    experiment_logs,
    experiments,
    expressions,
    model_watch,
    segments,
    source_measures,
)
from app.analytics.customers import Asked
from app.core.experiments.types import ExperimentId
from app.core.ids import ModelVersion
from app.core.segments.rules import TRAITS, All, Condition, Figure, Kind, Measure, Not, Selection
from app.core.segments.rules import Any as Either

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)
NOW_S = int(UNTIL.timestamp())
PRODUCTS, PEOPLE = range(1, 9), range(12)
ABOUT = (Selection(Kind.TYPE, "Sofas"), Selection(Kind.COLLECTION, "7"))


def _asked() -> tuple[Measure, ...]:
    """Every figure, of everything and of chosen products, for ever, today and lately."""
    found = []
    for figure, trait in TRAITS.items():
        abouts = [Selection(Kind.TAG, "VIP")] if figure is Figure.TAG else list(ABOUT) if trait.about else []
        for about in abouts if trait.needs_about else [None, *abouts]:
            found += [Measure(figure, about, days) for days in ([None, 0, 7] if trait.takes_days else [None])]
    return tuple(found)


ASKED = Asked(_asked(), NOW_S, NOW_S - 40_000)
RULE = All(
    (
        Condition(Measure(Figure.ORDERS), least=1),
        Either((Condition(Measure(Figure.STAGE), least=3), Not(Condition(Measure(Figure.VIEWS, days=7), most=1)))),
        Condition(Measure(Figure.LAST_ORDER), most=300),
    )
)
PERIOD = experiments.Asked(ExperimentId(3), SINCE, UNTIL, ((SINCE, SINCE + timedelta(hours=1)),))
VERSIONS = [ModelVersion("old"), ModelVersion("new")]
STORED = ibis.table({**source_measures.TYPES, "visitor": "string"}, name="events")

EVERY: Mapping[str, ir.Table] = {
    "counts": expressions.counts(SINCE, UNTIL),
    "impressions": expressions.impressions(SINCE, UNTIL),
    "visits": expressions.visits(SINCE, UNTIL),
    "sessions": expressions.sessions(SINCE, UNTIL),
    "exposed": experiments.exposed(PERIOD),
    "only in windows": experiments.only_in_windows(PERIOD),
    "behaviour of units": experiments.behaviour(PERIOD),
    "shown": experiments.shown(PERIOD),
    "purchases": experiments.purchases(PERIOD),
    "carts": experiments.carts(PERIOD),
    "team clicks": experiments.team_clicks(PERIOD),
    "answers": experiment_logs.answers("for_you", SINCE, UNTIL),
    "clicked": experiment_logs.clicked("for_you", SINCE, UNTIL),
    "versions": model_watch.of_versions(VERSIONS, SINCE, UNTIL, apart=[ExperimentId(5)]),
    "versions by day": model_watch.by_day(SINCE, SINCE, UNTIL),
    "gaps": customers.gaps(),
    "judged": customers.judged(ASKED),
    "tagged": customers.tagged(ASKED),
    "bought": affinities.bought(ASKED),
    "behaviour": affinities.behaviour(ASKED, SINCE, UNTIL),
    "mails": engagement.mails(ASKED, SINCE, UNTIL),
    "values": segments.values(ASKED),
    "cuts": segments.cuts(ASKED),
    "members": segments.members(ASKED, RULE),
    "a source's rows by day": source_measures.rows_by_day(STORED),
    "what a source lacks": source_measures.holes(STORED, ["product_id", "visitor"], SINCE),
    "what a source names": source_measures.named(STORED, "product_id", SINCE),
}


def tables(seed: int) -> dict[str, pa.Table]:
    """A small lake and store, drawn; what a question before was asked for ("seen", "counted") is drawn too."""
    chance = random.Random(seed)
    orders = [_order(chance, id) for id in range(1, 60)]
    events = [_event(chance, number) for number in range(900)]
    mails = [_mail(chance, number) for number in range(200)]
    return {
        "events": pa.Table.from_pylist([*events, *events[::5]], EVENTS),
        "decisions": pa.Table.from_pylist([_decision(chance, number) for number in range(120)], DECISIONS),
        "engagement": pa.Table.from_pylist([*mails, *mails[::5]], ENGAGEMENT),
        "left_out": pa.table({"id": ["v1", "c2"]}),
        "units": pa.table({"unit": [f"v{number}" for number in range(6)]}),
        "people": _filled(customers.PEOPLE, [{"person": one, "accepts_email": one % 2 == 0} for one in PEOPLE]),
        "buyers": _filled(customers.BUYERS, [{"customer_id": 100 + one, "person": one % 10} for one in PEOPLE]),
        "names": _filled(customers.NAMES, [{"id": f"{kind}{one}", "person": one} for one in PEOPLE for kind in "vc"]),
        "mail_names": _filled(engagement.MAIL_NAMES, [{"id": f"m{one}", "person": one} for one in PEOPLE]),
        "orders": _filled(customers.ORDERS, orders),
        "lines": _filled(affinities.LINES, [_line(chance, order) for order in orders for _ in range(2)]),
        "tags": _filled(customers.TAGS, [{"customer_id": 100 + one, "tag": "VIP"} for one in PEOPLE if one % 3]),
        "products": _filled(ASKED.products, [_product(chance, id) for id in PRODUCTS]),
        "seen": _counts(chance, affinities.seen_parts(ASKED)),
        "mails": _counts(chance, engagement.mail_parts(ASKED)),
        "counted": _counts(chance, segments.values_table(ASKED), once=True),
    }


def needed(expression: ir.Table, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """The tables that the expression reads."""
    return {table.name: drawn[table.name] for table in expression.op().find(ops.UnboundTable)}


def _filled(table: ir.Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], table.schema().to_pyarrow())


def _moment(chance: random.Random) -> datetime:
    return SINCE + timedelta(days=chance.randrange(-3, 19), microseconds=chance.randrange(86_400_000_000))


def _event(chance: random.Random, number: int) -> dict[str, Any]:
    type = chance.choice(["exposure", "click", "product_view", "add_to_cart", "purchase", "search", "checkout_started"])
    who = chance.choice(PEOPLE)
    on_card = type in {"exposure", "click"}
    return {
        "event_id": f"e{number}",
        "type": type,
        "at": _moment(chance),
        "visitor": f"v{who}" if chance.random() < 0.8 else None,
        "client": f"c{who}",
        "placement": "home" if on_card else None,
        "rail": "for_you" if on_card else None,
        "product_id": chance.choice([*PRODUCTS, None]),
        "order_id": chance.randrange(1, 60) if type == "purchase" else None,
        "request_id": f"r{chance.randrange(120)}" if on_card else None,
        "ghost": chance.choice([None, False, True]) if type == "exposure" else None,
    }


def _decision(chance: random.Random, number: int) -> dict[str, Any]:
    who = chance.choice(PEOPLE)
    items = ",".join(f'{{"product_id":{id},"position":{place},"team":"a"}}' for place, id in enumerate(PRODUCTS))
    return {
        "request_id": f"r{number}",
        "at": _moment(chance),
        "placement": "home",
        "rail": "for_you",
        "product_id": chance.choice([None, 3]),
        "visitor": f"v{who}" if chance.random() < 0.9 else None,
        "strategy": chance.choice(["blend", "none"]),
        "variant": chance.choice(["3:control", "3:b,5:b", "3:both", ""]),
        "model_version": chance.choice(["old", "new", None]),
        "items": f"[{items}]",
        "unit": chance.choice([None, f"v{(who + 1) % 5}"]),
        "show": chance.choice([None, "ours", "empty"]),
        "failed": chance.choice([None, 0, 1]),
    }


def _mail(chance: random.Random, number: int) -> dict[str, Any]:
    type = chance.choice(["received", "opened", "clicked", "bounced"])
    who = {"email_hash": f"m{chance.choice(PEOPLE)}"} if number % 2 else {"klaviyo": f"m{chance.choice(PEOPLE)}"}
    return {"event_id": f"k{number}", "type": type, "at": _moment(chance), **who}


def _order(chance: random.Random, id: int) -> dict[str, Any]:
    at_s = NOW_S - chance.randrange(400 * 86_400)
    known = {"order_id": id, "customer_id": 100 + chance.choice(PEOPLE), "at_s": at_s}
    return {**known, "net": chance.randrange(20_000), "discounted": chance.random() < 0.4}


def _line(chance: random.Random, order: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: order[name] for name in ("order_id", "customer_id", "at_s")}
    number = {"quantity": chance.randrange(3), "amount": chance.randrange(9000)}
    return {**known, "product_id": chance.choice([0, *PRODUCTS]), **number}


def _product(chance: random.Random, id: int) -> dict[str, Any]:
    inside = {f"in_{place}": chance.random() < 0.4 for place in range(len(ASKED.selections))}
    return {"product_id": id, "level": chance.choice([1, 2, 3, None]), **inside}


def _counts(chance: random.Random, table: ir.Table, *, once: bool = False) -> pa.Table:
    people = list(PEOPLE) if once else [*PEOPLE, *PEOPLE]
    columns = [name for name in table.columns if name != "person"]
    drawn = [{"person": one, **{name: _number(chance, name) for name in columns}} for one in people]
    return _filled(table, drawn)


def _number(chance: random.Random, name: str) -> int | None:
    """Scores where scores stand; elsewhere any number, moments among them."""
    if name in {"by_recency", "by_frequency", "by_monetary"}:
        return chance.randrange(1, 6)
    return chance.choice([0, 1, 2, 5, NOW_S - chance.randrange(400 * 86_400), None if name[0] in "mb" else 3])
