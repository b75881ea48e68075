"""The words of the generated catalogue: collections, kinds of products, ranges, and which kinds go together.

A kind's row reads: noun | materials | lowest and highest price in euros | days until used up (0: lasts) | choice.
The monthly letters of a collection tell its season, January first: a is far below, e usual, i far above.
"""

from __future__ import annotations

COLLECTIONS = {
    "Kitchen": (
        "Tools that outlive their fashion.",
        "eeeeeedeeefg",
        """
        Chopping Board | Olive Wood, Beech, Acacia, Maple | 24-79 | 0 | size
        Board Oil | Beeswax, Linseed, Walnut | 9-16 | 120 |
        Wooden Spoon | Cherry Wood, Olive Wood, Beech | 7-18 | 0 |
        Cast Iron Pan | Pre-Seasoned, Enamelled | 45-129 | 0 | size
        Scrub Brush | Tampico, Coconut Fibre, Chainmail | 6-19 | 90 |
        Tea Towel | Linen, Organic Cotton, Half-Linen | 12-29 | 0 | colour
        Apron | Linen, Recycled Denim, Organic Cotton | 34-69 | 0 | colour
        Pour-Over Dripper | Stoneware, Glass, Steel | 19-45 | 0 |
        Coffee Filters | Unbleached, Hemp, Bamboo | 4-9 | 45 |
        Roasted Coffee | Fairtrade, Decaf, Highland | 9-17 | 30 | weight""",
    ),
    "Tableware": (
        "A table that is set slowly.",
        "deeeeeeeefgh",
        """
        Mug | Stoneware, Porcelain, Enamel | 14-32 | 0 | colour
        Dinner Plate | Stoneware, Porcelain, Recycled Glass | 18-39 | 0 | colour
        Serving Bowl | Stoneware, Mango Wood, Recycled Glass | 26-69 | 0 | size
        Carafe | Recycled Glass, Borosilicate | 22-48 | 0 |
        Tumbler Set | Recycled Glass, Borosilicate | 19-44 | 0 |
        Napkin Set | Linen, Organic Cotton | 18-42 | 0 | colour
        Table Runner | Linen, Hemp, Half-Linen | 29-69 | 0 | colour
        Cutlery Set | Brushed Steel, Bamboo | 39-119 | 0 |
        Teapot | Stoneware, Cast Iron, Glass | 34-89 | 0 |
        Loose Tea | Organic Green, Herbal, Rooibos | 7-15 | 40 | weight""",
    ),
    "Food Storage": (
        "Keep more, waste less.",
        "feeefffffeee",
        """
        Pantry Jar | Borosilicate, Recycled Glass | 9-24 | 0 | size
        Jar Labels | Chalk, Cotton Paper | 5-11 | 0 |
        Beeswax Wraps | Organic Cotton, Vegan Candelilla | 12-28 | 270 | colour
        Bread Bag | Linen, Organic Cotton | 12-24 | 0 |
        Lunch Box | Steel, Bamboo Fibre, Glass | 24-49 | 0 | size
        Drinking Bottle | Steel, Glass, Copper | 19-42 | 0 | colour
        Produce Bags | Organic Cotton, Recycled Mesh | 9-19 | 0 |
        Fermenting Crock | Stoneware, Glass | 39-99 | 0 | size""",
    ),
    "Cleaning & Laundry": (
        "Clean without the blue dye.",
        "ffgfeeeeeeed",
        """
        Dish Soap Bar | Lemon, Unscented, Lavender | 5-11 | 40 | pack
        Laundry Strips | Unscented, Fresh Linen | 9-18 | 50 | pack
        Wool Dryer Balls | New Zealand, Undyed | 14-29 | 0 |
        Cleaning Concentrate | Citrus, Pine, Vinegar | 7-14 | 60 | scent
        Refill Spray Bottle | Amber Glass, Aluminium | 8-17 | 0 |
        Dish Cloth | Cellulose, Knitted Cotton, Linen | 6-15 | 75 | colour
        Dish Brush Head | Sisal, Tampico | 3-7 | 45 | pack
        Dish Brush | Beech, Bamboo | 7-14 | 0 |
        Laundry Basket | Seagrass, Willow, Recycled Felt | 34-89 | 0 | size""",
    ),
    "Bathroom": (
        "Nothing left to throw away.",
        "feeeeeeeeeef",
        """
        Bath Towel | Organic Cotton, Waffle, Linen | 24-59 | 0 | colour
        Face Cloths | Waffle, Bamboo, Organic Cotton | 12-24 | 0 | colour
        Bath Mat | Cork, Organic Cotton, Teak | 29-79 | 0 | colour
        Toothbrush | Bamboo, Beech | 4-9 | 75 | pack
        Tooth Tablets | Mint, Charcoal, Fluoride-Free | 7-16 | 45 |
        Soap Dish | Cedar, Stoneware, Luffa | 8-19 | 0 |
        Toilet Paper Box | Bamboo, Recycled | 29-49 | 70 |
        Shower Curtain | Hemp, Organic Cotton | 49-99 | 0 |
        Bathroom Shelf | Bamboo, Oak | 39-119 | 0 |""",
    ),
    "Body & Hair": (
        "Solid, simple, well cured.",
        "feeefffeeefg",
        """
        Soap Bar | Oat Milk, Olive, Charcoal, Calendula | 6-12 | 30 | scent
        Shampoo Bar | Nettle, Rosemary, Chamomile | 9-16 | 60 | scent
        Conditioner Bar | Coconut, Argan | 10-17 | 70 |
        Travel Tin | Aluminium, Cork-Lined | 6-12 | 0 |
        Body Oil | Almond, Apricot, Jojoba | 16-36 | 90 |
        Hand Cream | Shea, Calendula, Marigold | 9-19 | 60 | scent
        Deodorant Stick | Sage, Citrus, Unscented | 9-16 | 50 | scent
        Safety Razor | Brass, Steel | 29-69 | 0 |
        Razor Blades | Steel | 6-12 | 90 |
        Konjac Sponge | Charcoal, Pure | 6-11 | 55 |""",
    ),
    "Bedroom": (
        "Eight hours, well spent.",
        "fedeeddefggf",
        """
        Duvet Cover | Linen, Organic Percale, Hemp | 89-219 | 0 | bed
        Pillowcase | Linen, Organic Percale, Silk | 22-59 | 0 | colour
        Fitted Sheet | Linen, Organic Jersey | 49-109 | 0 | bed
        Wool Duvet | Merino, Alpine | 149-329 | 0 | bed
        Buckwheat Pillow | Organic Hulls, Spelt | 34-69 | 0 |
        Bedspread | Waffle, Recycled Wool | 89-189 | 0 | colour
        Pillow Spray | Lavender, Cedar | 14-26 | 80 |
        Pyjamas | Organic Cotton, Bamboo | 59-109 | 0 | fit""",
    ),
    "Living": (
        "Warm corners and honest wood.",
        "feddeddefghg",
        """
        Throw | Lambswool, Recycled Cotton, Mohair | 59-149 | 0 | colour
        Cushion Cover | Linen, Velvet, Kilim | 24-59 | 0 | colour
        Cushion Inner | Kapok, Recycled Fibre | 12-26 | 0 |
        Storage Basket | Seagrass, Jute, Recycled Felt | 19-59 | 0 | size
        Rug | Jute, Recycled Wool, Cotton | 69-349 | 0 | size
        Side Table | Reclaimed Oak, Cork | 99-249 | 0 |
        Table Lamp | Paper, Stoneware, Cork | 59-149 | 0 |
        Light Bulb | LED Amber, LED Warm | 7-16 | 0 | pack
        Wall Clock | Beech, Cork | 39-89 | 0 |""",
    ),
    "Candles & Scent": (
        "Slow evenings.",
        "gfedccccegih",
        """
        Scented Candle | Rapeseed Wax, Soy, Beeswax | 16-39 | 35 | scent
        Pillar Candle | Beeswax, Stearin | 8-24 | 30 | size
        Tealights | Beeswax, Rapeseed Wax | 7-15 | 30 | pack
        Candle Holder | Brass, Stoneware, Recycled Glass | 14-44 | 0 | colour
        Candle Snuffer | Brass, Steel | 14-26 | 0 |
        Long Matches | Glass Bottle, Tin | 7-14 | 120 |
        Reed Diffuser | Garden Rain, Cedar, Neroli | 22-44 | 0 |
        Diffuser Refill | Garden Rain, Cedar, Neroli | 13-24 | 80 |
        Incense | Palo Santo, Sandalwood | 8-18 | 45 |""",
    ),
    "Garden & Balcony": (
        "Small pots, big harvests.",
        "bdhihgfeedcb",
        """
        Plant Pot | Terracotta, Stoneware, Recycled | 9-49 | 0 | size
        Plant Saucer | Terracotta, Cork | 4-14 | 0 | size
        Herb Seeds | Basil, Balcony, Kitchen | 3-8 | 0 |
        Flower Seeds | Wild Meadow, Bee, Cottage | 3-8 | 0 |
        Potting Soil | Peat-Free, Coconut | 7-15 | 90 |
        Plant Food | Seaweed, Nettle | 9-17 | 60 |
        Watering Can | Copper, Zinc, Recycled | 24-69 | 0 |
        Garden Trowel | Ash, Copper | 17-39 | 0 |
        Garden Twine | Jute, Hemp | 4-9 | 0 |
        Bee House | Larch, Reed | 24-59 | 0 |
        Compost Caddy | Steel, Bamboo | 24-49 | 0 |
        Caddy Liners | Compostable, Paper | 5-10 | 50 |""",
    ),
    "Little Ones": (
        "Made to be handed down.",
        "eeeeeeeeefgi",
        """
        Baby Blanket | Organic Cotton, Merino | 34-79 | 0 | colour
        Muslin Cloths | Organic Cotton, Bamboo | 14-29 | 0 | colour
        Building Blocks | Maple, Beech, Cork | 24-69 | 0 |
        Pull-Along Animal | Beech, Maple | 19-44 | 0 |
        Soft Toy | Organic Cotton, Wool | 19-39 | 0 |
        Bath Toy | Natural Rubber, Cork | 9-19 | 0 |
        Baby Soap | Calendula, Unscented | 6-12 | 40 |
        Nappies | Bamboo, Reusable | 14-29 | 21 | fit
        Wet Wipes | Cotton, Water | 4-9 | 21 | pack
        Crayons | Beeswax, Soy | 8-19 | 0 |""",
    ),
    "Desk & Gift Wrap": (
        "Paper with a past.",
        "ffdedddegghi",
        """
        Notebook | Stone Paper, Recycled, Grass Paper | 9-24 | 0 | colour
        Pencil Set | Cedar, Plantable | 7-16 | 0 |
        Fountain Pen | Recycled Steel, Olive Wood | 29-89 | 0 |
        Ink Bottle | Plant-Based, Iron Gall | 8-17 | 120 | colour
        Desk Organiser | Cork, Bamboo | 24-59 | 0 |
        Wall Calendar | Recycled, Grass Paper | 14-26 | 0 |
        Gift Wrap | Recycled Kraft, Furoshiki Cotton | 5-17 | 0 | colour
        Gift Ribbon | Cotton, Jute | 4-9 | 0 | colour
        Greeting Cards | Cotton Paper, Seed Paper | 5-14 | 0 | pack""",
    ),
}

CHOICES = {
    "": (("Default Title", 1.0),),
    "size": (("Small", 0.75), ("Medium", 1.0), ("Large", 1.35)),
    "colour": tuple((name, 1.0) for name in ("Oat", "Moss", "Clay", "Ink", "Rust", "Fog")),
    "scent": tuple((name, 1.0) for name in ("Unscented", "Lavender", "Citrus", "Cedar")),
    "weight": (("250 g", 1.0), ("500 g", 1.8), ("1 kg", 3.3)),
    "pack": (("Single", 1.0), ("Pack of 3", 2.7)),
    "bed": (("135 × 200", 0.9), ("155 × 220", 1.0), ("200 × 200", 1.3)),
    "fit": (("S", 1.0), ("M", 1.0), ("L", 1.0)),
}

RANGES = {
    "Fjord": "Nordhaus", "Aske": "Nordhaus", "Lyng": "Nordhaus", "Tinde": "Nordhaus",
    "Meadow": "Wiesengrund", "Clover": "Wiesengrund", "Bracken": "Wiesengrund",
    "Alba": "Casa Verde", "Terra": "Casa Verde", "Sole": "Casa Verde", "Brisa": "Casa Verde",
    "Harbour": "Tidewater Goods", "Pebble": "Tidewater Goods", "Drift": "Tidewater Goods",
    "Kumo": "Studio Hana", "Mizu": "Studio Hana", "Sora": "Studio Hana",
    "Ember": "Hearthlight", "Dusk": "Hearthlight", "Hygge": "Hearthlight",
    "Orchard": "Rootwise", "Hedgerow": "Rootwise", "Thicket": "Rootwise",
    "Plain": "Second Nature", "Loop": "Second Nature", "Again": "Second Nature",
    "Atelier": "Maison Lin", "Provence": "Maison Lin", "Bohème": "Maison Lin", "Linnea": "Maison Lin",
}  # fmt: skip

COMPLEMENTS = """
Chopping Board: Board Oil, Wooden Spoon, Apron, Tea Towel
Wooden Spoon: Board Oil, Cast Iron Pan
Cast Iron Pan: Scrub Brush, Tea Towel
Pour-Over Dripper: Coffee Filters, Roasted Coffee, Mug
Coffee Filters: Roasted Coffee
Roasted Coffee: Mug
Mug: Loose Tea, Dinner Plate
Dinner Plate: Serving Bowl, Cutlery Set, Napkin Set
Carafe: Tumbler Set
Napkin Set: Table Runner
Table Runner: Candle Holder, Dinner Plate
Teapot: Loose Tea, Mug
Pantry Jar: Jar Labels, Produce Bags, Beeswax Wraps
Bread Bag: Beeswax Wraps, Produce Bags
Lunch Box: Drinking Bottle, Beeswax Wraps
Fermenting Crock: Pantry Jar, Jar Labels
Dish Soap Bar: Dish Brush, Dish Cloth, Soap Dish
Dish Brush: Dish Brush Head, Dish Cloth
Laundry Strips: Wool Dryer Balls, Laundry Basket
Cleaning Concentrate: Refill Spray Bottle, Dish Cloth
Bath Towel: Face Cloths, Bath Mat, Shower Curtain
Toothbrush: Tooth Tablets
Soap Dish: Soap Bar
Toilet Paper Box: Bathroom Shelf, Storage Basket
Bathroom Shelf: Storage Basket, Bath Mat
Shampoo Bar: Conditioner Bar, Travel Tin, Soap Dish
Soap Bar: Hand Cream, Travel Tin
Body Oil: Hand Cream, Konjac Sponge
Deodorant Stick: Soap Bar
Safety Razor: Razor Blades, Soap Bar
Konjac Sponge: Face Cloths
Duvet Cover: Pillowcase, Fitted Sheet, Bedspread
Wool Duvet: Duvet Cover, Buckwheat Pillow
Pillowcase: Buckwheat Pillow, Pillow Spray
Pyjamas: Pillow Spray
Throw: Cushion Cover, Scented Candle
Cushion Cover: Cushion Inner
Rug: Side Table, Storage Basket
Side Table: Table Lamp
Table Lamp: Light Bulb
Wall Clock: Wall Calendar, Side Table
Scented Candle: Candle Snuffer, Long Matches
Pillar Candle: Candle Holder, Candle Snuffer
Tealights: Candle Holder, Long Matches
Reed Diffuser: Diffuser Refill
Incense: Long Matches, Candle Holder
Plant Pot: Plant Saucer, Potting Soil, Herb Seeds
Herb Seeds: Potting Soil, Garden Trowel
Flower Seeds: Bee House, Potting Soil
Plant Food: Watering Can, Potting Soil
Garden Trowel: Garden Twine
Compost Caddy: Caddy Liners
Baby Blanket: Muslin Cloths, Soft Toy
Building Blocks: Pull-Along Animal, Crayons
Bath Toy: Baby Soap
Nappies: Wet Wipes, Muslin Cloths, Baby Soap
Notebook: Pencil Set, Fountain Pen
Fountain Pen: Ink Bottle
Desk Organiser: Notebook, Pencil Set
Wall Calendar: Greeting Cards
Gift Wrap: Gift Ribbon, Greeting Cards
"""

OPENINGS = (
    "A {noun} from our {range} range in {material}.",
    "{material}, made in small batches by {vendor}.",
    "The {range} {noun}: quiet, useful and built to be repaired.",
    "{vendor} makes this {noun} without plastic, from the first cut to the parcel.",
)

PROMISES = (
    "Arrives in paper only.",
    "The maker takes it back at the end of its life.",
    "Every piece differs a little.",
    "Certified by independent auditors.",
    "Made within 800 km of our warehouse.",
    "Part of the price plants hedgerows.",
    "Repairs are free for five years.",
)
