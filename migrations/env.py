"""Alembic's entry: runs as the owner role, with the address from ``alembic.ini`` options or DATABASE_OWNER_URL."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from app.adapters.db import tables  # noqa: F401  (fills the metadata)
from app.adapters.db.engine import sqlalchemy_url


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or os.environ.get("DATABASE_OWNER_URL")
    if not url:
        raise SystemExit("DATABASE_OWNER_URL is not set; migrations run as the owner role")
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_server_default=False)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
