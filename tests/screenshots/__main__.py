"""Runs a demo, waits until its shoppers have filled the pages, and photographs everything.

``python -m tests.screenshots`` starts a demo of its own; ``--store URL`` photographs one that is running.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import running_chromium
from tests.extensions.node import ROOT
from tests.ports import free_port
from tests.screenshots.admin import photograph_admin
from tests.screenshots.camera import HEIGHT, WIDTHS, Camera
from tests.screenshots.examples import make_examples
from tests.screenshots.storefront import photograph_storefront
from tests.screenshots.visitors import bring_visitors

FOLDER = ROOT / "docs" / "images"
STORE = re.compile(r"Storefront\s+(http://\S+?)/\s")


def main() -> None:
    """Photograph the demo."""
    parser = argparse.ArgumentParser(prog="screenshots")
    parser.add_argument("--store", help="the storefront of a demo that is running")
    parser.add_argument("--world", default="generated")
    parser.add_argument("--shoppers", default="60")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        store = args.store or stack.enter_context(_demo(args.world, args.shoppers))
        browser = stack.enter_context(running_chromium())
        make_examples(browser, store.rstrip("/"))
        for width in WIDTHS:
            for picture in _photograph(browser, store.rstrip("/"), args.folder, width):
                print(f"{picture.stat().st_size / 1024:6.0f} kB  {picture}")


def _photograph(browser: Browser, store: str, folder: Path, width: int) -> Iterator[Path]:
    for photograph in (photograph_storefront, photograph_admin):
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, reduced_motion="reduce")
        yield from photograph(Camera(context.new_page(), folder, width), store)
        context.close()


@contextlib.contextmanager
def _demo(world: str, shoppers: str) -> Iterator[str]:
    """A demo with shoppers, from nothing until it shows what views taught; gives its storefront's address."""
    with tempfile.TemporaryDirectory(prefix="attune-screenshots-", ignore_cleanup_errors=True) as data:
        Path(data).chmod(0o755)
        command = [str(Path(sys.executable).with_name("attune")), "demo", "--world", world, "--shoppers", shoppers]
        demo = subprocess.Popen(
            [*command, "--port", str(_two_free_ports())],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "ATTUNE_DATA_DIR": data},
        )
        try:
            store = _address(demo)
            if not bring_visitors(store, Path(data) / "demo" / "tastes.npz"):
                print("“Also viewed” did not come; its rail will be missing from the pictures")
            yield store
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=60)


def _address(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        sys.stdout.write(line)
        if found := STORE.search(line):
            return found.group(1)
    raise SystemExit("the demo ended before it was READY")


def _two_free_ports() -> int:
    while True:
        port = free_port()
        if port % 2 == 0:
            return port


if __name__ == "__main__":
    main()
