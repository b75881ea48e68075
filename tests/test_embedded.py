"""The embedded servers: started once however many ask, found again by others, gone when their starter stops them."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from app.adapters.embedded.postgres import APP_ROLE, EmbeddedPostgres
from app.adapters.embedded.redis_server import EmbeddedRedis
from app.errors import Permanent
from tests.services import own_folder


def test_of_many_that_start_one_owns_the_server_and_all_can_use_it() -> None:
    with own_folder("attune-embedded-") as folder, ThreadPoolExecutor(4) as pool:
        servers = [EmbeddedPostgres(folder, durable=False) for _ in range(4)]
        list(pool.map(EmbeddedPostgres.start, servers))
        try:
            assert sum(server.pid is not None for server in servers) == 1
            for server in servers:
                with psycopg.connect(server.url(APP_ROLE)) as connection:
                    assert connection.execute("SELECT current_user").fetchone() == (APP_ROLE,)
        finally:
            for server in servers:
                server.stop()


def test_what_was_stored_is_there_again_after_a_restart() -> None:
    with own_folder("attune-embedded-") as folder:
        for expected in (None, b"kept"):
            server = EmbeddedRedis(folder)
            server.start()
            client = redis.Redis.from_url(server.url)
            assert client.get("key") == expected
            client.set("key", "kept")
            client.close()
            server.stop()
            assert not server.is_alive


def test_only_the_owner_may_enter_the_data() -> None:
    with own_folder("attune-embedded-") as folder:
        server = EmbeddedPostgres(folder, durable=False)
        server.start()
        server.stop()
        assert stat.S_IMODE((folder / "pg").stat().st_mode) == 0o700


def test_a_wheel_that_is_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Permanent, match="DATABASE_URL"):
        EmbeddedPostgres(tmp_path).start()
