"""Colours of a drawing: the wall by product type, the object by a colour word in the title or else by chance."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    wall: str
    halo: str
    table: str
    ink: str
    main: str
    dark: str
    light: str
    accent: str


# Wall, halo, table, ink.
_ROOMS = (
    ("#efe8dc", "#f7f2e9", "#e2d6c3", "#4a3b2a"),
    ("#e3e9df", "#eff3ec", "#d0dac9", "#2f4333"),
    ("#f3e2d8", "#faeee7", "#e6cdbe", "#5a3324"),
    ("#e0e7ea", "#eef3f5", "#ccd7dc", "#2b414b"),
    ("#efe6ec", "#f7f1f5", "#dfd0da", "#4d3347"),
    ("#f4ecd3", "#fbf6e6", "#e6d9b3", "#5b4a1c"),
    ("#e6e4ef", "#f2f1f7", "#d3d0e2", "#37345a"),
)
# Main, dark, light, accent of an object.
_OBJECTS = {
    "clay": ("#c9805c", "#a5623f", "#dfa588", "#f3e4d6"),
    "sage": ("#8fa58a", "#6c8468", "#b3c4ae", "#f0ede0"),
    "sand": ("#d6bf9b", "#b79c72", "#e8d9bf", "#7d6847"),
    "ink": ("#4f6475", "#374957", "#768b9b", "#e9e3d4"),
    "cream": ("#f4ecdd", "#d9ccb4", "#fffaf0", "#b98e5a"),
    "rose": ("#d39a97", "#b47572", "#e6bfbc", "#fbf1e8"),
    "mustard": ("#d8a94a", "#b58527", "#ebca85", "#5a4320"),
    "plum": ("#8a6583", "#6a4865", "#ae8fa8", "#f1e6ee"),
}
_WORDS = {
    "red": ("#c25a4e", "#9c4238", "#da8a80", "#fbf0e6"), "retrospot": ("#c25a4e", "#9c4238", "#da8a80", "#fbf0e6"),
    "pink": ("#dfa0ab", "#c07c89", "#f0c8cf", "#fff6f2"), "blue": ("#7d9fb8", "#5b7f9a", "#a9c2d4", "#f4efe2"),
    "green": ("#88a77c", "#66865b", "#aec6a4", "#f5f1df"), "white": ("#f7f3ea", "#d8d0c0", "#ffffff", "#a99a82"),
    "ivory": ("#f4ecdd", "#d9ccb4", "#fffaf0", "#b98e5a"), "black": ("#4b4a4c", "#333234", "#6f6e71", "#e8dfce"),
    "gold": ("#d8b25a", "#b58f38", "#ecd394", "#5a4320"), "brass": ("#cfa650", "#a98233", "#e5c98a", "#5a4320"),
    "copper": ("#c8835a", "#a0613c", "#e0aa88", "#4b2f1f"), "silver": ("#b9c0c4", "#949ca1", "#d9dee1", "#4b5459"),
    "wood": ("#c59a6b", "#a07848", "#dbb98f", "#6b4a26"), "wooden": ("#c59a6b", "#a07848", "#dbb98f", "#6b4a26"),
    "olive": ("#c59a6b", "#a07848", "#dbb98f", "#6b4a26"), "ash": ("#d9bf98", "#b59a70", "#ead8bb", "#6b4a26"),
    "terracotta": ("#c9805c", "#a5623f", "#dfa588", "#f3e4d6"), "cedar": ("#b98058", "#935f3c", "#d2a381", "#f3e4d6"),
    "glass": ("#cfe0de", "#a5c0bd", "#e6f0ef", "#b98e5a"), "linen": ("#dccfb8", "#bba98a", "#ece3d3", "#8a9a84"),
    "cotton": ("#efe9de", "#cfc6b6", "#fbf8f2", "#9bac9c"), "wool": ("#e3dac9", "#c2b59d", "#f1ebdf", "#9a8a70"),
    "cork": ("#c8a27a", "#a27c54", "#dcbf9f", "#6f8a72"), "jute": ("#c7a878", "#a08253", "#dcc5a0", "#6d5230"),
    "lavender": ("#a99bc4", "#8475a3", "#c9bfdb", "#f6f1e6"), "beeswax": ("#e0b45c", "#bd8d34", "#eed095", "#5a4320"),
}  # fmt: skip


def palette_for(title: str, kind: str, seed: int) -> Palette:
    room = _ROOMS[zlib.crc32((kind or title).lower().encode()) % len(_ROOMS)]
    named = (_WORDS[word] for word in re.findall(r"[a-z]+", title.lower()) if word in _WORDS)
    chosen = next(named, None) or list(_OBJECTS.values())[seed % len(_OBJECTS)]
    return Palette(*room, *chosen)
