"""Drawn placeholder images: one quiet still life per product, the same every time, so that no photograph is needed."""

from __future__ import annotations

import hashlib
import html
from functools import lru_cache

from devstore.model import Product
from devstore.storefront.drawing.palette import Palette, palette_for
from devstore.storefront.drawing.shapes import SHAPES, shape_for


def draw(product: Product) -> str:
    """An SVG of 800 by 800 units."""
    return _draw(product.id, product.image_text or product.title, product.product_type)


@lru_cache(maxsize=4096)
def _draw(product_id: int, title: str, kind: str) -> str:
    seed = int.from_bytes(hashlib.sha256(f"{product_id}".encode()).digest()[:4], "big")
    colours = palette_for(title, kind, seed)
    shape = SHAPES[shape_for(title, kind, seed)](colours)
    label = html.escape(title)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800" role="img" '
        f'aria-label="{label}"><title>{label}</title>{_background(colours, title, seed)}'
        f'<g stroke-linejoin="round" stroke-linecap="round">{shape}</g></svg>'
    )


def _background(colours: Palette, title: str, seed: int) -> str:
    """A wall, a table, an arch or a sun behind, and the initials pressed faintly into the wall."""
    sun_x, sun_y = 250 + seed % 300, 300 + seed // 7 % 90
    halo = (
        f'<circle cx="{sun_x}" cy="{sun_y}" r="{190 + seed % 60}" fill="{colours.halo}"/>'
        if seed % 2
        else f'<path d="M180 640V350a220 220 0 0 1 440 0v290z" fill="{colours.halo}"/>'
    )
    return (
        f'<rect width="800" height="800" fill="{colours.wall}"/>{halo}'
        f'<rect y="610" width="800" height="190" fill="{colours.table}"/>'
        f'<text x="740" y="110" text-anchor="end" font-family="Georgia,serif" font-size="64" letter-spacing="4" '
        f'fill="{colours.ink}" opacity=".18">{html.escape(initials(title))}</text>'
        f'<ellipse cx="400" cy="648" rx="190" ry="20" fill="{colours.ink}" opacity=".13"/>'
    )


def initials(title: str) -> str:
    """At most three initials of the words that carry meaning."""
    words = [word for word in title.replace("-", " ").split() if word[0].isalpha() and word.lower() not in _SMALL]
    return "".join(word[0] for word in words[:3]).upper()


_SMALL = frozenset(("a", "an", "and", "for", "in", "of", "on", "set", "the", "to", "with"))
