"""The catalogue of the small world, written by hand: forty things for a calmer household.

`PAIRS` is what people really buy together; the orders of `devstore.worlds.small` follow it, so a model that learns
"often bought together" can be judged against it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    price: int
    vendor: str
    kind: str
    description: str
    popularity: float = 1.0
    variants: tuple[str, ...] = ()
    stock: int = 40
    oversell: bool = False
    status: str = "ACTIVE"
    gift_card: bool = False
    compare_at: int | None = None
    tags: tuple[str, ...] = ()


KITCHEN = (
    Item(
        "Olive Wood Chopping Board",
        3900,
        "Grove & Grain",
        "Chopping Board",
        "Cut from one piece of storm-felled olive wood.",
        3.0,
        tags=("wood",),
    ),
    Item(
        "Board Oil & Beeswax Balm",
        1450,
        "Grove & Grain",
        "Care",
        "Feeds wooden boards and spoons; food-safe.",
        1.6,
        tags=("refill", "wood"),
    ),
    Item(
        "Beeswax Food Wraps, Set of 3",
        1690,
        "Meadow Made",
        "Food Storage",
        "Replaces cling film for about a year.",
        3.4,
        ("Wildflower", "Citrus", "Plain"),
        tags=("plastic-free",),
    ),
    Item(
        "Glass Pantry Jar",
        1290,
        "Clearwell",
        "Food Storage",
        "Borosilicate glass with an ash lid.",
        2.6,
        ("0.5 l", "1 l", "2 l"),
        stock=90,
    ),
    Item("Chalk Labels & Pencil", 590, "Clearwell", "Food Storage", "Write, wipe, write again.", 1.5, stock=120),
    Item(
        "Linen Tea Towels, Pair",
        2200,
        "Meadow Made",
        "Textiles",
        "Stonewashed European flax.",
        2.0,
        ("Oat", "Moss"),
        tags=("linen",),
    ),
    Item(
        "Stoneware Pour-Over Dripper",
        2850,
        "Kiln Street",
        "Coffee",
        "Hand-thrown; fits most mugs.",
        2.3,
        tags=("coffee",),
    ),
    Item(
        "Unbleached Coffee Filters, 100",
        690,
        "Kiln Street",
        "Coffee",
        "Compostable, chlorine-free.",
        2.7,
        stock=200,
        tags=("coffee", "refill"),
    ),
    Item(
        "Speckled Stoneware Mug",
        1850,
        "Kiln Street",
        "Coffee",
        "Every glaze falls differently.",
        3.2,
        ("Cloud", "Clay", "Ink"),
        stock=60,
        tags=("coffee",),
    ),
    Item(
        "Compost Caddy, 5 l",
        3400,
        "Rootwise",
        "Composting",
        "Powder-coated steel with a charcoal filter.",
        1.5,
        tags=("compost",),
    ),
    Item(
        "Compostable Caddy Liners, 50",
        890,
        "Rootwise",
        "Composting",
        "Certified for home compost.",
        1.9,
        stock=150,
        tags=("compost", "refill"),
    ),
)

BATH = (
    Item(
        "Oat Milk Soap Bar",
        750,
        "Quiet Suds",
        "Soap",
        "Cold-pressed, unscented, four weeks cured.",
        3.3,
        ("Single", "Box of 4"),
        stock=180,
        tags=("refill",),
    ),
    Item(
        "Cedar Soap Dish",
        1150,
        "Grove & Grain",
        "Bath Accessory",
        "Drains well and dries quickly.",
        2.0,
        tags=("wood",),
    ),
    Item(
        "Solid Shampoo, Nettle & Mint",
        1250,
        "Quiet Suds",
        "Hair",
        "About eighty washes without a bottle.",
        2.8,
        stock=110,
        tags=("refill", "plastic-free"),
    ),
    Item("Shampoo Bar Travel Tin", 650, "Quiet Suds", "Hair", "Aluminium, with a draining insert.", 1.6),
    Item(
        "Bamboo Toothbrush, Set of 4",
        1190,
        "Leaf & Bristle",
        "Dental",
        "Castor-oil bristles, numbered handles.",
        2.4,
        ("Soft", "Medium"),
        stock=130,
        tags=("plastic-free",),
    ),
    Item(
        "Tooth Tablets, 3-Month Tin",
        1650,
        "Leaf & Bristle",
        "Dental",
        "Fluoride or none, always mint.",
        2.0,
        ("With fluoride", "Without fluoride"),
        stock=95,
        tags=("refill",),
    ),
    Item(
        "Organic Cotton Bath Towel",
        3200,
        "Loom North",
        "Textiles",
        "Long-staple cotton, 600 g.",
        1.9,
        ("White", "Fog", "Fern"),
    ),
    Item("Waffle Face Cloths, Set of 5", 1800, "Loom North", "Textiles", "Gentle enough for daily use.", 1.4),
    Item("Konjac Face Sponge", 690, "Quiet Suds", "Skin", "Pure plant fibre, lasts eight weeks.", 1.3, stock=0),
    Item("Steel Safety Razor", 4200, "Leaf & Bristle", "Shaving", "One handle for the rest of your life.", 1.2),
    Item(
        "Razor Blades, Pack of 20",
        950,
        "Leaf & Bristle",
        "Shaving",
        "Recyclable steel, no plastic.",
        1.5,
        stock=160,
        tags=("refill",),
    ),
)

LIVING = (
    Item(
        "Rapeseed Wax Candle",
        2400,
        "Hearthlight",
        "Candle",
        "Forty hours, cotton wick.",
        3.1,
        ("Fig Leaf", "Wood Smoke", "Unscented"),
        stock=70,
        tags=("candle",),
    ),
    Item(
        "Brass Candle Snuffer", 1950, "Hearthlight", "Candle", "Ends the evening without smoke.", 1.4, tags=("candle",)
    ),
    Item(
        "Long Matches in a Glass Bottle",
        1250,
        "Hearthlight",
        "Candle",
        "With a striker on the base.",
        1.9,
        stock=85,
        tags=("candle",),
    ),
    Item(
        "Wool Throw, Undyed",
        8900,
        "Loom North",
        "Textiles",
        "Shetland wool in its own colours.",
        1.2,
        ("Cream", "Grey"),
        stock=18,
        compare_at=9900,
    ),
    Item("Linen Cushion Cover", 2900, "Loom North", "Textiles", "Hidden buttons, 45 × 45 cm.", 1.5, ("Rust", "Sage")),
    Item(
        "Recycled Felt Storage Basket",
        2600,
        "Round Again",
        "Storage",
        "Made of eleven plastic bottles.",
        1.5,
        ("Small", "Large"),
    ),
    Item(
        "Reed Diffuser, Garden Rain",
        2700,
        "Hearthlight",
        "Fragrance",
        "Essential oils in a refillable bottle.",
        1.6,
        stock=0,
        oversell=True,
    ),
    Item(
        "Diffuser Refill, Garden Rain",
        1700,
        "Hearthlight",
        "Fragrance",
        "Another twelve weeks.",
        1.5,
        stock=64,
        tags=("refill",),
    ),
    Item("Cork Yoga Mat", 6400, "Round Again", "Wellbeing", "Natural rubber below, cork above.", 0.9, stock=0),
    Item(
        "Hearth & Fern Gift Card",
        2500,
        "Hearth & Fern",
        "Gift Card",
        "For those who would rather choose.",
        0.5,
        ("25", "50", "100"),
        gift_card=True,
    ),
)

GARDEN = (
    Item(
        "Terracotta Herb Pot",
        1400,
        "Kiln Street",
        "Planter",
        "Breathes, as roots like it.",
        2.4,
        ("Small", "Large"),
        stock=75,
    ),
    Item(
        "Herb Seed Trio", 850, "Rootwise", "Seeds", "Basil, chives and flat parsley.", 2.5, stock=140, tags=("seeds",)
    ),
    Item(
        "Peat-Free Potting Compost, 10 l",
        990,
        "Rootwise",
        "Soil",
        "Wood fibre and green compost.",
        2.2,
        stock=100,
        tags=("refill",),
    ),
    Item("Copper Watering Can", 4800, "Rootwise", "Tools", "A long spout for small pots.", 1.3, stock=22),
    Item("Ash Hand Trowel", 2300, "Grove & Grain", "Tools", "Forged steel, ash handle.", 1.6),
    Item("Jute Garden Twine", 550, "Rootwise", "Tools", "Ninety metres on a wooden spool.", 1.9, stock=170),
    Item("Bee House", 3600, "Round Again", "Wildlife", "Reed tubes for solitary bees.", 1.2),
    Item(
        "Wildflower Seed Sample",
        0,
        "Rootwise",
        "Seeds",
        "A free packet; one per household.",
        0.5,
        stock=300,
        tags=("sample",),
    ),
    Item("Rain Gauge, Spring Edition", 2100, "Clearwell", "Tools", "Coming in spring.", 0.0, status="DRAFT"),
)

COLLECTIONS = (
    ("Kitchen", "Cook, keep and clean up without plastic.", KITCHEN),
    ("Bath & Body", "A bathroom shelf with nothing to throw away.", BATH),
    ("Living", "Light, warmth and a place for everything.", LIVING),
    ("Garden & Balcony", "Small pots, big harvests.", GARDEN),
)

PAIRS = (
    ("Olive Wood Chopping Board", "Board Oil & Beeswax Balm"),
    ("Beeswax Food Wraps, Set of 3", "Glass Pantry Jar"),
    ("Glass Pantry Jar", "Chalk Labels & Pencil"),
    ("Stoneware Pour-Over Dripper", "Unbleached Coffee Filters, 100"),
    ("Stoneware Pour-Over Dripper", "Speckled Stoneware Mug"),
    ("Speckled Stoneware Mug", "Linen Tea Towels, Pair"),
    ("Compost Caddy, 5 l", "Compostable Caddy Liners, 50"),
    ("Oat Milk Soap Bar", "Cedar Soap Dish"),
    ("Solid Shampoo, Nettle & Mint", "Shampoo Bar Travel Tin"),
    ("Bamboo Toothbrush, Set of 4", "Tooth Tablets, 3-Month Tin"),
    ("Organic Cotton Bath Towel", "Waffle Face Cloths, Set of 5"),
    ("Waffle Face Cloths, Set of 5", "Konjac Face Sponge"),
    ("Steel Safety Razor", "Razor Blades, Pack of 20"),
    ("Rapeseed Wax Candle", "Brass Candle Snuffer"),
    ("Rapeseed Wax Candle", "Long Matches in a Glass Bottle"),
    ("Wool Throw, Undyed", "Linen Cushion Cover"),
    ("Reed Diffuser, Garden Rain", "Diffuser Refill, Garden Rain"),
    ("Terracotta Herb Pot", "Herb Seed Trio"),
    ("Herb Seed Trio", "Peat-Free Potting Compost, 10 l"),
    ("Copper Watering Can", "Terracotta Herb Pot"),
    ("Ash Hand Trowel", "Jute Garden Twine"),
    ("Bee House", "Wildflower Seed Sample"),
)
