"""No shop reads or writes another's rows, tried on every table as the role that the app really uses."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from app.adapters.db.engine import Database
from app.adapters.db.shops import DbShops
from app.adapters.db.tables import OPEN_TABLES
from app.core.ids import ShopDomain
from app.core.shops import Shop, ShopState
from tests.services import TestServices

TABLES = [table for name, table in sorted(SQLModel.metadata.tables.items()) if name not in OPEN_TABLES]
NUMBERS = itertools.count(1)
BY_NAME = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.fixture(scope="module")
def database(services: TestServices) -> Iterator[Database]:
    """One for all of these tests: each brings shops of its own, and shops are what must be apart."""
    with services.database() as (app_url, _):
        opened = Database(app_url)
        yield opened
        opened.close()


@pytest.fixture
def shop(database: Database) -> Shop:
    return new_shop(database, "alice")


@pytest.fixture
def other_shop(database: Database) -> Shop:
    return new_shop(database, "charlie")


def new_shop(database: Database, owner: str) -> Shop:
    return DbShops(database).put(ShopDomain(f"{owner}-{next(NUMBERS)}.myshopify.com"), ShopState.INSTALLED)


def sample(column: Column[object]) -> object:
    """Some value that fits the column."""
    kind = type(column.type).__name__
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    samples = {
        "BigInteger": 1,
        "Integer": 1,
        "Float": 1.0,
        "Boolean": True,
        "Date": now.date(),
        "DateTime": now,
        "LargeBinary": b"x",
        "ARRAY": [],
        "JSONB": "{}",
    }
    return samples.get(kind, "x")


def insert(connection: psycopg.Connection, table: Table, shop_id: int) -> None:
    columns = [c for c in table.columns if not c.identity]
    names = ", ".join(f'"{c.name}"' for c in columns)
    values = [shop_id if c.name == "shop_id" else sample(c) for c in columns]
    connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(['%s'] * len(values))})", values)


def test_the_app_role_can_neither_bypass_nor_own(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        role = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
        ).fetchone()
    assert role == ("attune_app", False, False)
    assert owned == (0,)


def test_every_table_in_the_database_is_protected_or_named_as_open(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
            "AND NOT (relrowsecurity AND relforcerowsecurity)"
        ).fetchall()
    assert {name for (name,) in rows} == OPEN_TABLES


@BY_NAME
def test_a_shop_reads_its_own_row_and_not_anothers(
    database: Database, shop: Shop, other_shop: Shop, table: Table
) -> None:
    with database.copy(shop.id) as connection:
        insert(connection, table, shop.id)
        connection.commit()
        assert connection.execute(f"SELECT count(*) FROM {table.name}").fetchone() == (1,)
    with database.copy(other_shop.id) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table.name}").fetchone() == (0,)
        changed = connection.execute(f"UPDATE {table.name} SET shop_id = shop_id").rowcount
        deleted = connection.execute(f"DELETE FROM {table.name}").rowcount
    assert (changed, deleted) == (0, 0)


@BY_NAME
def test_a_row_of_another_shop_cannot_be_written(
    database: Database, shop: Shop, other_shop: Shop, table: Table
) -> None:
    with database.copy(shop.id) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            insert(connection, table, other_shop.id)
        connection.rollback()
        insert(connection, table, shop.id)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"UPDATE {table.name} SET shop_id = {other_shop.id}")


@BY_NAME
def test_without_a_shop_every_table_refuses(database: Database, shop: Shop, table: Table) -> None:
    with psycopg.connect(database.url) as connection:
        with pytest.raises((psycopg.errors.UndefinedObject, psycopg.errors.InvalidTextRepresentation)):
            connection.execute(f"SELECT * FROM {table.name}")
        connection.rollback()
        with pytest.raises((psycopg.errors.UndefinedObject, psycopg.errors.InvalidTextRepresentation)):
            insert(connection, table, shop.id)


def test_a_pooled_connection_forgets_its_shop(database: Database, shop: Shop) -> None:
    with database.shop(shop.id) as session:
        assert session.connection().exec_driver_sql("SELECT current_setting('app.shop')").scalar() == str(shop.id)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_setting('app.shop', true)").scalar() in (None, "")
