"""The migrations make exactly the tables that the code knows, and can be taken back."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from app.adapters.db.engine import sqlalchemy_url
from app.cli.migrations import FOLDER


def options(owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return config


def test_nothing_stands_in_the_tables_that_the_migrations_do_not_make(database_urls: tuple[str, str]) -> None:
    command.check(options(database_urls[1]))


def test_the_migrations_can_be_taken_back_and_made_again(database_urls: tuple[str, str]) -> None:
    owner = options(database_urls[1])
    command.downgrade(owner, "base")
    engine = create_engine(sqlalchemy_url(database_urls[1]))
    assert inspect(engine).get_table_names() == ["alembic_version"]
    command.upgrade(owner, "head")
    assert "orders" in inspect(engine).get_table_names()
    engine.dispose()
