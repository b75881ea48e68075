"""Finds a Chromium: the one that CHROME_PATH names, an installed one, or the one in npm's @sparticuz/chromium.

The packed one is inflated once into node_modules, with the few libraries and fonts that a bare machine lacks.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.extensions.node import ROOT, run_node, unavailable

PACKAGE = ROOT / "node_modules/@sparticuz/chromium"
CACHE = ROOT / "node_modules/.cache/attune-chromium"
INSTALLED = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--no-zygote", "--disable-gpu", "--font-render-hinting=none")
# The package inflates into the system's temporary folder; al2023 holds NSS, which bare machines lack.
INFLATE = """
import chromium, { inflate } from '@sparticuz/chromium';
await chromium.executablePath();
await inflate('node_modules/@sparticuz/chromium/bin/al2023.tar.br');
"""
# The package's own list of folders names places of a cloud function. Where those are missing, and with
# them all fonts, pages show no text at all, and Chromium ends itself at the first letter that it measures.
FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{CACHE / "fonts/fonts"}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    path: Path
    environment: dict[str, str]


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """The browser, running; as `find_chromium` where there is none."""
    found = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.path, args=ARGUMENTS, env={**os.environ, **found.environment}, timeout=100_000
        )
        yield browser
        browser.close()


def find_chromium() -> Chromium:
    """The browser to drive; ends the test (skipped aloud, failed in CI) when there is none."""
    named = os.environ.get("CHROME_PATH")
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"CHROME_PATH names no program: {named}")
        return Chromium(Path(named), {})
    installed = next((found for name in INSTALLED if (found := shutil.which(name))), None)
    if installed:
        return Chromium(Path(installed), {})
    if not PACKAGE.exists():
        unavailable("no Chromium is installed, CHROME_PATH is not set and node_modules holds no @sparticuz/chromium")
    return _inflated()


def _inflated() -> Chromium:
    if not CACHE.exists():
        CACHE.parent.mkdir(exist_ok=True)
        # Renamed when complete, so that a killed run leaves no half a browser behind.
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
            target = Path(folder) / "complete"
            target.mkdir()
            result = run_node("--input-type=module", "--eval", INFLATE, TMPDIR=str(target))
            if result.returncode:
                raise RuntimeError(result.stderr)
            (target / "fonts/fonts.conf").write_text(FONTS)
            # A run beside this one may have been quicker; its copy is as good.
            with contextlib.suppress(OSError):
                target.rename(CACHE)
    return Chromium(
        CACHE / "chromium",
        {"LD_LIBRARY_PATH": str(CACHE / "al2023/lib"), "FONTCONFIG_PATH": str(CACHE / "fonts")},
    )
