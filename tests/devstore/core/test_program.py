"""``python -m devstore``: starts, says READY, answers, stops."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.devstore.core.shop import toml
from tests.patience import PATIENCE_S
from tests.ports import free_port


def start(tmp_path: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    (tmp_path / "shopify.app.toml").write_text(toml())
    command = [sys.executable, "-m", "devstore", "--world", "small", "--port", str(port)]
    command += ["--app-url", "http://127.0.0.1:8000", "--app-toml", str(tmp_path / "shopify.app.toml")]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **environment},
    )


def test_it_says_ready_when_it_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    with start(tmp_path, port, SHOPIFY_API_KEY="key", SHOPIFY_API_SECRET="secret") as program:
        assert program.stdout is not None
        assert program.stdout.readline() == f"READY http://127.0.0.1:{port}\n"
        assert httpx.get(f"http://127.0.0.1:{port}/_dev/state", timeout=PATIENCE_S).json()["installed"] is False
        program.terminate()
        assert program.wait(PATIENCE_S) == 0


def test_without_secrets_it_says_which_one_is_missing(tmp_path: Path) -> None:
    with start(tmp_path, free_port()) as program:
        assert program.wait(PATIENCE_S) == 1
        assert program.stderr is not None
        assert "SHOPIFY_API_KEY is not set" in program.stderr.read()
