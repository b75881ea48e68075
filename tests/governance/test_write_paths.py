"""Law 2 along every way of writing: each writer is known and asks, and without consent nothing of a visitor is kept."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import text

from app.adapters.db.tables import Receipt
from app.adapters.lake.schema import SCHEMAS
from app.adapters.redis import keys
from app.adapters.redis.event_stream import record_of
from app.core.governance.places import PLACES
from app.core.governance.writers import WRITERS, Basis
from app.core.recommend.scoring import ItemModel
from app.core.shops import Shop
from app.services.fold_events import fold_events
from app.services.store_records import store_records
from app.wiring.web import Web
from app.wiring.worker import Worker
from tests.conftest import REPOSITORY
from tests.governance.conftest import Say, rows
from tests.serving.conftest import Ask

NOBODY, CLIENT = "d" * 32, "nobody-s-browser"
SAYS_WHO = {"visitor", "client", "unit", "left_id", "right_id"}
PEOPLE = {
    place.name
    for place in PLACES
    if place.name.startswith("database.") and place.pseudonyms + place.about + place.sealed
}
OF_SHOPPERS = {
    "visitor",
    "client",
    "client_state",
    "customer",
    "unit",
    "unit_of_customer",
    "browsers_of_customer",
    "own",
    "own_of",
    "erased",
    "deeds",
}
STREAMS = {"EVENTS": "redis.events", "DEAD_LETTERS": "redis.dead_letters", "STREAM": "redis.events"}
READS_ONLY = {
    ("app/adapters/redis/backlog.py", "redis.events"),
    ("app/adapters/redis/backlog.py", "redis.dead_letters"),
    ("app/adapters/redis/live_state.py", "redis.own"),
    ("app/adapters/redis/live_state.py", "redis.own_of"),
    ("app/cli/doctor.py", "redis.dead_letters"),
}
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|COPY)\s+(\w+)")
MEASURING = "app/cli/bench/"
"""Benchmarks write into shops of their own."""

Found = set[tuple[str, str]]


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("app", "workers"):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            name = str(path.relative_to(REPOSITORY))
            if not name.startswith(MEASURING):
                yield name, ast.parse(path.read_text())


def found_in(name: str, tree: ast.AST) -> Found:
    """What a module writes about shoppers: tables by their SQL, Redis by the names of keys, the lake by its files."""
    found: Found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {(name, f"database.{table}") for table in WRITES.findall(node.value)}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "keys":
            if node.attr in OF_SHOPPERS:
                found.add((name, f"redis.{node.attr}"))
            if node.attr in STREAMS:
                found.add((name, STREAMS[node.attr]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = ast.unparse(node.func.value)
            if node.func.attr in {"write", "write_bytes"} and of.endswith("files") and name.startswith("app/adapters"):
                found.add((name, "lake"))
    return {
        (module, place) for module, place in found if not place.startswith("database.") or place in PEOPLE
    } - READS_ONLY


def everything() -> Found:
    return {pair for name, tree in modules() for pair in found_in(name, tree)}


def test_every_writer_of_what_is_about_shoppers_is_registered() -> None:
    registered = {(writer.module, place) for writer in WRITERS for place in writer.places}
    strangers = everything() - registered
    assert strangers == set(), "say in app/core/governance/writers.py why these may write, and where they ask"


def test_no_writer_is_registered_that_does_not_write() -> None:
    found, names = everything(), {place.name for place in PLACES} | {"lake", "redis.own_of"}
    for writer in WRITERS:
        assert any(module == writer.module for module, _ in found) or writer.basis is Basis.ASKS, writer.module
        assert set(writer.places) <= names, writer.module


@pytest.mark.parametrize("asked", sorted({writer.asked for writer in WRITERS if writer.basis is Basis.ASKS}))
def test_whoever_is_said_to_ask_calls_the_consent_function(asked: str) -> None:
    tree = ast.parse((REPOSITORY / asked).read_text())
    imported = {
        one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "app.core.profiles.consent"
        for one in node.names
    }
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert {"allowed", "why_not"} & imported & called, f"{asked} does not ask"


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ('text("INSERT INTO clicks (shop_id) VALUES (1)")', "database.clicks"),
        ("r.set(keys.visitor(shop, id), 1)", "redis.visitor"),
        ("r.xadd(keys.EVENTS, {})", "redis.events"),
        ("self._files.write(path, rows, schema)", "lake"),
    ],
)
def test_a_new_writer_would_be_found(code: str, place: str) -> None:
    assert found_in("app/adapters/new.py", ast.parse(code)) == {("app/adapters/new.py", place)}


# -- the doors, without consent --------------------------------------------------------------------------------------

REFUSALS: tuple[object, ...] = (
    None,
    {},
    {"analytics": False, "preferences": True, "marketing": True},
    {"analytics": "true"},
    {"preferences": True},
    "yes",
)


def drained(wiring: Web, behind: Worker) -> None:
    """Let the stream's readers work on all that has come."""
    wiring.decisions.flush()
    entries = behind.redis.xrange(keys.EVENTS)
    assert isinstance(entries, list)
    records = [record_of(fields) for _, fields in entries if fields]  # type: ignore[arg-type]  # bytes, as they come
    fold_events(records, behind.folding)
    store_records(records, behind.storing)


def of_visitors(wiring: Web, behind: Worker, shop: Shop) -> list[str]:
    """Everything in the database, Redis and the lake that belongs to any visitor or browser."""
    said = []
    for name, table in Receipt.metadata.tables.items():
        for column in SAYS_WHO & set(table.columns.keys()):
            some = f"SELECT {column} FROM {name} WHERE {column} IS NOT NULL AND {column} <> ''"
            said += [f"{name}.{column}={value}" for (value,) in rows(wiring, shop, some)]
    of_people = [
        f"attune:{shop.id}:{kind}:" for kind in ("visitor", "client", "client_state", "unit", "own", "customer")
    ]
    said += [name.decode() for name in behind.redis.scan_iter() if name.decode().startswith(tuple(of_people))]
    for stream in (keys.EVENTS, keys.DEAD_LETTERS):
        entries = behind.redis.xrange(stream)
        assert isinstance(entries, list)
        said += [str(fields) for _, fields in entries if NOBODY in str(fields) or CLIENT in str(fields)]
    for kind in SCHEMAS:
        for one in behind.lake.read(
            shop.id,
            date.min,
            date.max,
            lambda data: data.to_table().to_pylist(),
            kind=kind,  # type: ignore[arg-type]
        ):
            said += [f"lake.{kind}.{name}" for name in ("visitor", "client", "unit") if one.get(name)]
    return said


def key_of(wiring: Web, shop: Shop) -> str:
    with wiring.database.shop(shop.id) as session:
        session.execute(
            text(
                "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key) "
                "VALUES (:shop, '', 'EUR', 'UTC', 'the-key')"
            ),
            {"shop": shop.id},
        )
    return "the-key"


def test_without_consent_no_door_leaves_anything_of_a_visitor(
    client: FlaskClient,
    ask: Ask,
    say: Say,
    wiring: Web,
    behind: Worker,
    shop: Shop,
    full_model: ItemModel,
    live_redis: redis.Redis,
) -> None:
    body = {"shop": shop.domain, "key": key_of(wiring, shop)}
    for consent in REFUSALS:
        for type in ("product_view", "identity", "page_view", "purchase", "sign_up"):
            event = {"id": f"e-{type}", "type": type, "visitor": NOBODY, "client_id": CLIENT, "age_ms": 0}
            more = {"product_id": "6", "order_id": "1", "products": [], "path": "/", "email": "a@example.com"}
            answer = client.post("/collect", json={**body, "events": [{**event, **more, "consent": consent}]})
            assert answer.status_code == 400, (consent, type)
    # A browser without consent has no id, and so none comes with its questions.
    for placement in ("home", "product", "cart"):
        assert ask(placement=placement).status_code == 200
        assert ask(route="rail", placement=placement).status_code == 200
    assert ask(route="arms").status_code == 200
    assert say().status_code == 400
    drained(wiring, behind)
    assert of_visitors(wiring, behind, shop) == []


def test_who_refused_to_be_remembered_leaves_nothing_though_the_browser_still_allows_it(
    client: FlaskClient,
    ask: Ask,
    say: Say,
    wiring: Web,
    behind: Worker,
    shop: Shop,
    full_model: ItemModel,
    live_redis: redis.Redis,
) -> None:
    body = {"shop": shop.domain, "key": key_of(wiring, shop)}
    allows = {"analytics": True, "preferences": True, "marketing": True}
    event = {"id": "e", "type": "product_view", "visitor": NOBODY, "age_ms": 0, "product_id": "6", "consent": allows}
    assert say({"remember": False}, visitor=NOBODY).status_code == 200
    assert client.post("/collect", json={**body, "events": [event]}).status_code == 202
    assert ask(placement="home", product_id="", visitor=NOBODY).status_code == 200
    drained(wiring, behind)
    live_redis.delete(keys.EVENTS)
    # What is left is the wish itself, under a digest.
    left = [one for one in of_visitors(wiring, behind, shop) if ":own:" not in one]
    assert left == []
    assert NOBODY not in "".join(of_visitors(wiring, behind, shop))


def test_with_consent_the_same_doors_do_write_so_that_the_tests_above_can_fail(
    client: FlaskClient, ask: Ask, wiring: Web, behind: Worker, shop: Shop, full_model: ItemModel
) -> None:
    body = {"shop": shop.domain, "key": key_of(wiring, shop)}
    allows = {"analytics": True, "preferences": True, "marketing": False}
    event = {"id": "e", "type": "product_view", "visitor": NOBODY, "client_id": CLIENT, "age_ms": 0, "product_id": "6"}
    assert client.post("/collect", json={**body, "events": [{**event, "consent": allows}]}).status_code == 202
    assert ask(placement="home", product_id="", visitor=NOBODY).status_code == 200
    drained(wiring, behind)
    left = " ".join(of_visitors(wiring, behind, shop))
    for place in ("visitor_clients.visitor", "decisions.visitor", ":visitor:", "lake.events.visitor", "lake.decisions"):
        assert place in left
    assert Path(behind.lake_files.root).exists()
