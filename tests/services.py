"""The real services that tests run against: one embedded PostgreSQL and Redis a session, a fresh database a test.

A template database is migrated once; each `database` is a copy of it that goes when the test is over.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from app.adapters.embedded.postgres import APP_ROLE, DATABASE, OWNER, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.cli import migrations


@contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that others may pass through: as root, PostgreSQL runs under another account."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


class TestServices:
    """PostgreSQL and Redis for the tests, in a directory that goes when they stop."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = own_folder("attune-test-")
        folder = self._folder.__enter__()
        self.postgres = EmbeddedPostgres(folder, durable=False)
        self.redis = EmbeddedRedis(folder, fsync="no")
        self._numbers = itertools.count(1)

    def start(self) -> None:
        self.postgres.start()
        self.redis.start()
        migrations.upgrade(self.postgres.url(OWNER))

    def stop(self) -> None:
        self.redis.stop()
        self.postgres.stop()
        self._folder.__exit__(None, None, None)

    @contextmanager
    def database(self) -> Iterator[tuple[str, str]]:
        """A new migrated database, dropped at the end; gives its address for the app role and for the owner."""
        name = f"test_{next(self._numbers)}"
        # Copying files is several times cheaper than logging every page of a database that nobody will recover.
        self._administer(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER} STRATEGY file_copy")
        yield self._url(APP_ROLE, name), self._url(OWNER, name)
        self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self._url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _url(self, role: str, database: str) -> str:
        return self.postgres.url(role).replace(f"/{DATABASE}?", f"/{database}?")
