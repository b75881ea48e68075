"""Titles and collections out of a log's descriptions, which are shouted and abbreviated.

"SET/6 RED SPOTTY PAPER PLATES " becomes "Set of 6 Red Spotty Paper Plates", and its words choose its collections.
"""

from __future__ import annotations

import re

_SMALL = frozenset({"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"})
_KEPT = frozenset({"3D", "USB", "UK", "USA", "LED", "CD", "DVD", "TV", "BBQ", "XL", "II", "IPOD"})
_JOINTS = '-/&+("'
_REPLACED = (
    (re.compile(r"^\*+"), ""),
    (re.compile(r"\b(SET|S|PACK|PK|BOX)\s?/\s?(\d+)\b"), r"\1 of \2"),
    (re.compile(r"\bS of\b"), "Set of"),
    (re.compile(r"\bPK of\b"), "Pack of"),
    (re.compile(r"\bW(/\s?|\b(?=\s))"), "with "),
    (re.compile(r"\s*,\s*"), ", "),
    (re.compile(r"\s+"), " "),
)


def tidy(text: str) -> str:
    """The description in Title Case, with abbreviations written out."""
    text = text.upper()
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    words = text.strip(" .,-").split(" ")
    return " ".join(_word(word, first=place == 0) for place, word in enumerate(words) if word)


def _word(word: str, *, first: bool) -> str:
    if word in _KEPT:
        return word
    if word.lower() in _SMALL and not first:
        return word.lower()
    return "".join(
        part if part in _JOINTS else part[:1].upper() + part[1:].lower() for part in re.split(r"([-/&+(\"])", word)
    )


_TABLE = """
Christmas: christmas xmas advent snowman snowflake snow reindeer santa bauble noel sleigh nativity stocking holly
    robin wreath angel
Bags & Purses: bag shopper purse tote handbag backpack wallet satchel suitcase rucksack pouch
Candles & Lights: candle t-light tealight light lantern lamp incense nightlight candleholder chandelier bulb
    candlestick fragrance
Kitchen & Baking: kitchen cake baking bake cutlery mug cup cupcake plate bowl jar tea coffee teapot jug apron oven
    recipe spoon egg lunch bottle napkin tray bread cookie biscuit jam jelly pantry saucer cafetiere teacup fork
    tablecloth cakestand cutter scales chopping whisk spice drink glass bottle snack teatime
Garden & Outdoors: garden plant flower flowerpot bird birdhouse watering seed picnic parasol trowel herb greenhouse
    butterfly bee umbrella windmill outdoor deckchair planter
Kids & Toys: toy doll dolly child children childrens kids baby skittles puzzle game playhouse soldier bunny dinosaur
    dominoes jigsaw girl boy spaceboy spinning rocking teddy puppet circus naughts marbles cowboy rabbit elephant
Stationery & Gift Wrap: card notebook pencil pen wrap ribbon paper sticker tape tag journal book calendar sketchbook
    chalk passport stationery eraser rubber stamp memo envelope postcard ruler tissue
Jewellery & Accessories: necklace bracelet earring earrings ring brooch hair scarf bangle charm bead beads pendant
    jewellery hairclip hairslide slippers keyring gloves lariat locket
Vintage & Retro: vintage retro retrospot antique union regency edwardian victorian 50's 60's 70's jubilee
Storage & Boxes: box basket drawer cabinet storage tin crate hook hanger rack holder bin organiser tidy chest bucket
Home Decor: clock frame mirror wall sign cushion doormat heart decoration hanging wicker ornament curtain rug quilt
    throw wall-art door block letter picture chair stool doorstop coaster vase table feather bathroom knob drawer
Parties & Celebrations: birthday party bunting balloon balloons wedding garland celebration confetti cocktail
    valentine easter
"""
OTHER = "More Gifts"
_WORDS = {
    title: frozenset(words.split())
    for title, words in (row.split(":") for row in _TABLE.replace("\n    ", " ").strip().splitlines())
}
COLLECTIONS = tuple(_WORDS)


def shelves_of(title: str) -> list[str]:
    """The collections whose words stand in the title, singular or plural; `OTHER` when there is none."""
    words = set(re.findall(r"[a-z0-9'-]+", title.lower()))
    words |= {word.rstrip("s") for word in words} | {part for word in words for part in word.split("-")}
    return [name for name, keys in _WORDS.items() if words & keys] or [OTHER]
