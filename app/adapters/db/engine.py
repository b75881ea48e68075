"""Connections: one engine a process, and sessions that are bound to one shop for their whole life.

The shop is set with ``SET LOCAL`` when a transaction begins, so that row-level security sees it and a pooled
connection can't carry it into the next transaction. Without a shop every protected table refuses to be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

from app.core.ids import ShopId

SET_SHOP = text("SELECT set_config('app.shop', :shop, true)")


def sqlalchemy_url(url: str) -> str:
    """The same address for SQLAlchemy, with psycopg 3 named as the driver."""
    return "postgresql+psycopg" + url[url.index("://") :]


class Database:
    """The app's door to PostgreSQL, as the role that cannot bypass row-level security.

    Args:
        url: ``postgresql://`` address with the role `attune_app`.
        pool_size: connections kept open; the same number again may be opened under load.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self.engine: Engine = create_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            # An error's text ends in logs and in the queue; what was to be written may be about a person.
            hide_parameters=True,
        )

    @contextmanager
    def shop(self, shop: ShopId) -> Iterator[Session]:
        """A session of one shop: commits when the block ends, rolls back when it raises."""
        with ShopSession(self.engine, shop) as session, session.begin():
            yield session

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """A transaction without a shop: only ``shops`` and ``due_work`` can be read or written."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def copy(self, shop: ShopId) -> Iterator[psycopg.Connection]:
        """A bare psycopg connection for COPY, of its own, bound to one shop until it is closed.

        The caller commits; what is not committed when the block ends is rolled back.
        """
        with psycopg.connect(self.url) as connection:
            connection.execute("SELECT set_config('app.shop', %s, false)", [str(shop)])
            connection.commit()
            yield connection
            connection.rollback()

    def close(self) -> None:
        self.engine.dispose()


class ShopSession(Session):
    """A session whose every transaction begins by naming its shop."""

    def __init__(self, engine: Engine, shop: ShopId) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.shop = shop


@event.listens_for(ShopSession, "after_begin")
def _name_the_shop(session: ShopSession, _transaction: SessionTransaction, connection: Connection) -> None:
    connection.execute(SET_SHOP, {"shop": str(session.shop)})
