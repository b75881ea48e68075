"""Which object a product looks like, by the words of its title and type, and the table of all objects."""

from __future__ import annotations

import re
from collections.abc import Callable

from devstore.storefront.drawing import kitchen, living
from devstore.storefront.drawing.palette import Palette

Shape = Callable[[Palette], str]

SHAPES: dict[str, Shape] = {
    "mug": kitchen.mug, "jar": kitchen.jar, "bottle": kitchen.bottle, "bowl": kitchen.bowl, "board": kitchen.board,
    "box": kitchen.box, "cake": kitchen.cake, "spoon": kitchen.spoon, "dripper": kitchen.dripper,
    "candle": living.candle, "cushion": living.cushion, "towel": living.towel, "basket": living.basket,
    "plant": living.plant, "can": living.can, "soap": living.soap, "brush": living.brush, "bag": living.bag,
    "lamp": living.lamp, "heart": living.heart, "frame": living.frame, "clock": living.clock, "card": living.card,
    "bunting": living.bunting, "house": living.house, "vase": living.vase, "roll": living.roll, "trowel": living.trowel,
}  # fmt: skip

# The first line with a word of the title or type decides, so special things come before general ones.
_WORDS = (
    ("card", "gift card giftcard postcard cards voucher"),
    ("bunting", "bunting garland flags"),
    ("cushion", "cushion pillow pillowcase cover doorstop"),
    ("bottle", "diffuser"),
    ("house", "house birdhouse hotel birdcage"),
    ("cake", "cakestand cake cakes muffin cupcake baking"),
    ("can", "watering"),
    ("lamp", "lamp lampshade lantern"),
    ("roll", "wraps labels filters twine"),
    ("dripper", "dripper pourover funnel colander"),
    ("basket", "basket hamper crate caddy bin"),
    ("candle", "candle candles tlight tealight tealights matches snuffer incense"),
    ("lamp", "lamp light lights bulb lampshade"),
    ("brush", "brush toothbrush razor comb broom"),
    ("soap", "soap shampoo conditioner sponge balm bar"),
    ("trowel", "trowel fork spade shears secateurs tool tools"),
    ("plant", "plant planter pot herb seed seeds garden flower flowers compost soil fern"),
    ("bag", "bag bags tote shopper sack lunchbag backpack purse liners"),
    ("towel", "towel towels cloth cloths napkin napkins apron throw blanket rug linen duvet sheet textiles"),
    ("roll", "mat tape wrap paper yarn ribbon roll string gauge"),
    ("mug", "mug cup cups teacup beaker tea coffee espresso"),
    ("bowl", "bowl plate plates dish saucer tray"),
    ("board", "board chopping slate coaster coasters magnet chalk"),
    ("jar", "jar pantry storage spice jam preserving snack"),
    ("bottle", "bottle oil spray cleaner lotion cream detergent refill water lotion"),
    ("spoon", "spoon spatula cutlery knife straws utensil"),
    ("clock", "clock timer alarm watch"),
    ("frame", "frame mirror picture print sign hook hanger door drawer"),
    ("heart", "heart love angel decoration christmas star bird"),
    ("box", "box tin set case chest kit tablets blades cases"),
)
_TABLE = {word: shape for shape, words in reversed(_WORDS) for word in words.split()}
_RANK = {shape: place for place, (shape, _) in reversed(list(enumerate(_WORDS)))}
_ANY = ("vase", "jar", "bowl", "box", "heart", "basket", "frame")


def shape_for(title: str, kind: str, seed: int) -> str:
    """The best match of the title, else of the type, else any quiet object."""
    for text in (title, kind):
        joined = text.lower().replace("t-light", "tlight").replace("pour-over", "pourover")
        found = [_TABLE[word] for word in re.findall(r"[a-z]+", joined) if word in _TABLE]
        if found:
            return min(found, key=_RANK.__getitem__)
    return _ANY[seed % len(_ANY)]
