"""Runs the Node tools of package.json with the Node that stands in the virtual environment.

Locally a missing node_modules skips aloud; in CI it fails, because there nothing may be skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent.parent
EXTENSIONS = ROOT / "extensions"
RECOMMENDATIONS = EXTENSIONS / "recommendations"
CLI = ROOT / "node_modules/@shopify/cli/bin/run.js"
REMEDY = "run `make setup`, which installs Node and the packages of package-lock.json"


def unavailable(what: str) -> None:
    """End the test: skipped with the remedy, or failed in CI."""
    message = f"{what}; {REMEDY}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def node_binary() -> Path:
    node = Path(sys.executable).with_name("node")
    if not node.exists():
        unavailable("there is no Node in the virtual environment")
    return node


def run_node(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Node in the repository root, without network questions, telemetry or files in the user's home."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "CI": "1",
            "SHOPIFY_CLI_NO_ANALYTICS": "1",
            "DO_NOT_TRACK": "1",
            "NO_COLOR": "1",
            "XDG_CONFIG_HOME": folder,
            "XDG_CACHE_HOME": folder,
            "PATH": f"{node_binary().parent}{os.pathsep}{os.environ.get('PATH', '')}",
            **variables,
        }
        return subprocess.run(
            [str(node_binary()), *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )


def shopify(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Shopify's command line, which needs no login for what the tests ask of it."""
    if not CLI.exists():
        unavailable("node_modules holds no @shopify/cli")
    return run_node(CLI, *arguments)
