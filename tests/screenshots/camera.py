"""The camera: one browser at one width, pictures written small enough to be kept in the repository."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

WIDTHS = (1280, 390)
HEIGHT = 900
TALLEST = 4000
COLOURS = 256


@dataclass(frozen=True, slots=True)
class Camera:
    """Photographs `page`; pictures are named ``NAME-WIDTH.png`` in `folder`."""

    page: Page
    folder: Path
    width: int

    def whole(self, name: str) -> Path:
        """The page from top to bottom, cut at `TALLEST`."""
        self._scroll_through()
        return self._keep(name, self.page.screenshot(full_page=True))

    def part(self, name: str, what: Locator) -> Path:
        """One element, with a margin of the page around it."""
        what.first.scroll_into_view_if_needed()
        self.page.wait_for_timeout(400)
        return self._keep(name, what.first.screenshot())

    def view(self, name: str) -> Path:
        """What is in the window now."""
        return self._keep(name, self.page.screenshot())

    def _scroll_through(self) -> None:
        """Pictures further down load only when they come near the window."""
        self.page.evaluate(
            """async () => {
                for (let y = 0; y < document.body.scrollHeight; y += 500) {
                    window.scrollTo(0, y);
                    await new Promise((done) => setTimeout(done, 60));
                }
                window.scrollTo(0, 0);
            }"""
        )
        self.page.wait_for_timeout(400)

    def _keep(self, name: str, picture: bytes) -> Path:
        path = self.folder / f"{name}-{self.width}.png"
        with Image.open(io.BytesIO(picture)) as image:
            cut = image.crop((0, 0, image.width, min(image.height, TALLEST)))
            cut.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
                path, optimize=True
            )
        return path
