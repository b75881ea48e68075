"""How a shop's mails look: its colour, its logo, and the block that shoppers in the control group get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlsplit

from app.core.errors import DomainError

COLOUR: Final = "#1f4f46"
LONGEST_BLOCK: Final = 2000
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_TAGS: Final = ("{%", "{{", "{#")


@dataclass(frozen=True, slots=True)
class Look:
    """Of one shop. `static` is plain text, paragraphs parted by empty lines; the logo's address may be empty."""

    colour: str = COLOUR
    logo: str = ""
    static: str = "Have a look around our shop: there is always something new."

    @property
    def on_colour(self) -> str:
        """Black or white, whichever can be read on the colour better (relative luminance as in WCAG 2.2)."""
        red, green, blue = (_linear(int(self.colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
        return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"

    @property
    def paragraphs(self) -> list[str]:
        """The static block as escaped HTML, a paragraph each."""
        return [escape(one.strip()) for one in re.split(r"\n\s*\n", self.static) if one.strip()]


def checked(look: Look) -> Look:
    """The same look.

    Raises:
        DomainError: a mail can't look so; the sentence is for the merchant.
    """
    if not _HEX.fullmatch(look.colour):
        raise DomainError("write the colour as # and six digits, such as #1f4f46")
    if look.logo and (urlsplit(look.logo).scheme != "https" or any(one in look.logo for one in '"<> {}')):
        raise DomainError("the logo's address must begin with https://")
    if not look.static.strip() or len(look.static) > LONGEST_BLOCK:
        raise DomainError(f"write between 1 and {LONGEST_BLOCK} characters for the control group's block")
    if any(tag in look.static for tag in _TAGS):
        raise DomainError("the control group's block is plain text; leave out {{ and {%")
    return look


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
