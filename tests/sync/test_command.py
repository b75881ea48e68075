"""`attune sync SHOP` imports the store and says how it went."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.sync.store import ROOT, Installed


def attune(installed: Installed, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**os.environ, **installed.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_imports_the_store_and_shows_every_resource(installed: Installed) -> None:
    done = attune(installed, "sync", installed.shop.domain)
    assert done.returncode == 0, done.stderr
    assert installed.count("orders") == len(installed.store.orders)
    assert all(name in done.stdout for name in ("products", "inventory", "collections", "customers", "orders", "done"))
    assert {reason for (reason,) in installed.sql("SELECT reason FROM sync_runs")} == {"command"}


def test_an_unknown_shop_is_a_sentence_and_an_exit_code(installed: Installed) -> None:
    done = attune(installed, "sync", "nobody")
    assert done.returncode == 1
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_resource_fails_the_command(installed: Installed) -> None:
    installed.dev("POST", "scopes", granted=["read_products", "read_orders", "read_all_orders", "read_customers"])
    done = attune(installed, "sync", installed.shop.domain)
    assert done.returncode == 1
    assert "inventory could not be imported" in done.stdout
