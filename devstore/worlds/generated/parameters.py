"""Every number that shapes the generated world, in one place.

They describe a plausible shop; none was chosen so that a target of ours is met. They are frozen: whoever changes one
later shows what the figures of the models were before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Parameters:
    """The generated world; money in minor units, utilities in logits (+0.7 means bought twice as often)."""

    start: datetime = datetime(2024, 11, 23, tzinfo=UTC)
    """First day with orders."""
    days: int = 730
    """Length of the history; the last order falls on the day before `start + days`."""
    quiet_hours: int = 5
    """The world's present is this many hours after the last day."""

    products: int = 1500
    """All products, the gift card, the free sample and the drafts included."""
    drafts: int = 10
    """Products that are not published yet and never bought."""
    archived: int = 14
    """Products that were taken out of the shop; they stop selling in their archive week."""
    launched_later: float = 0.18
    """Share of products that came into the shop at some week of the history instead of before it."""
    out_of_stock: float = 0.06
    """Share of variants with nothing in stock at the end."""
    oversold: float = 0.15
    """Share of those that the merchant sells on regardless."""

    zipf: float = 0.7
    """Exponent of the appeal by rank: appeal = rank ** -zipf before noise."""
    appeal_noise: float = 0.35
    """Standard deviation of the noise on log appeal."""
    dimensions: int = 10
    """Dimensions of taste and style."""
    style_of_collection: float = 1.0
    style_of_kind: float = 0.55
    style_of_range: float = 0.6
    style_of_product: float = 0.45
    """Standard deviations of the parts that add up to a product's style (then scaled to length 1)."""
    complements: int = 6
    """Products that go well with each product."""
    same_range: float = 1.3
    """Logit by which a complement of the same range is preferred."""

    customers: int = 20_000
    guests: int = 4_600
    """People who order once without an account."""
    never_ordered: float = 0.08
    """Share of customers who have an account (mostly for the newsletter) but no order."""
    taste_strength: float = 1.35
    """Standard deviation over shoppers of the utility that taste gives a product; 0 makes all shoppers alike."""
    taste_memory: float = 0.93
    """Correlation of a shopper's taste with that of the quarter before; below 1 tastes drift."""
    price_response: float = 2.0
    """Median utility lost per unit of log price above the product's usual price."""
    price_response_spread: float = 0.35
    """Standard deviation of its logarithm over shoppers."""
    rate_shape: float = 0.7
    """Gamma shape of the rate of repeat orders; below 1 a few shoppers buy most."""
    lifetime_days: float = 420.0
    """Mean of the exponential time after which a shopper silently stays away."""
    need_on_rate: float = 0.3
    need_on_lines: float = 0.12
    need_on_codes: float = 0.8
    """Effects of the unseen need (household size and the like, standard normal) on the log rate of orders, the log of
    the number of further lines, and the logit of using a newsletter's code: an unseen confounder of every code."""

    orders: int = 60_000
    repeats: int = 20_000
    """Orders out of a wish, beyond each buyer's first; replenishment adds its own until there are `orders`."""
    growth: float = 0.3
    """Growth of the order rate per year."""
    new_customers_growth: float = 0.25
    """Growth per year of the rate at which people find the shop."""
    month_weights: tuple[float, ...] = (0.88, 0.86, 0.95, 1.0, 1.0, 0.9, 0.82, 0.84, 0.97, 1.06, 1.42, 1.5)
    """Orders per day by month, January first."""
    weekday_weights: tuple[float, ...] = (1.12, 1.0, 0.97, 0.98, 0.92, 0.9, 1.15)
    """Orders by day of the week, Monday first."""
    hour_weights: tuple[float, ...] = (
        2, 1, 1, 1, 1, 2, 5, 9, 13, 17, 20, 21, 20, 19, 18, 18, 19, 21, 25, 31, 36, 33, 22, 9,
    )  # fmt: skip
    """Orders by hour of the day in UTC."""
    season_strength: float = 1.0
    """Multiplies the seasonal utilities of the collections."""

    further_lines: float = 2.0
    """Mean of further lines wished for beyond the first; some fall away because they would double a kind."""
    further_lines_shape: float = 1.6
    """Gamma shape of that number's rate: small baskets are common, some are large."""
    most_lines: int = 10
    from_complements: float = 0.4
    """Share of further lines that are complements of a line already in the basket; the rest follows taste."""
    taste_on_complements: float = 0.6
    """Weight of taste when a complement is chosen."""
    gifts: float = 0.07
    """Share of orders bought for someone else, whose taste is another shopper's."""
    gifts_in_december: float = 0.25
    gifts_marked: float = 0.5
    """Share of gifts that carry a gift note, the rest look like any order."""

    loyalty: float = 0.5
    """Mean probability that a consumable is bought here again when it runs out (Beta over shoppers)."""
    loyalty_concentration: float = 5.0
    interval_noise: float = 0.28
    """Standard deviation of the log of a replenishment interval."""
    switches: float = 0.12
    """Share of replenishments that go to a substitute, another product of the same kind."""
    joins_within_days: float = 7.0
    """What runs out joins an order that is placed within so many days."""

    shock: float = 0.35
    """Standard deviation of the unseen monthly demand shock of a product."""
    shock_memory: float = 0.7
    steps: float = 1.3
    """Mean number of lasting price changes per product."""
    step_mean: float = 0.045
    step_spread: float = 0.03
    """Mean and standard deviation of a lasting change, as a share of the price."""
    shock_on_step: float = 0.05
    """What one unit of demand shock adds to it: prices rise for what sells, so that price and demand are confounded."""
    on_sale: float = 0.12
    """Share of products in each of the year's sales."""
    shock_on_sale: float = -1.2
    """Logit by which an unseen demand shock makes a product go on sale: what sells badly is discounted."""
    sale_depths: tuple[float, ...] = (0.1, 0.15, 0.2, 0.3)

    welcome_code: float = 0.22
    """Share of first orders with the code WELCOME10."""
    newsletter_code: float = -1.9
    """Logit of using the newsletter's code during a campaign at average need."""
    code_effect: float = 0.3
    """The true effect of a code: so many further lines are wished for on average."""
    return_rate: float = 0.03
    """Mean probability that a line is sent back (Beta over products)."""
    cancelled: float = 0.012
    free_shipping_from: int = 6000
    shipping: int = 490

    conversion: float = 0.03
    """Median probability that a visit ends in an order."""
    conversion_spread: float = 0.4
    """Standard deviation of its logit over shoppers."""
    effect: bool = True
    """Whether what is shown changes what is bought; nothing of the history depends on it."""


PARAMETERS = Parameters()
NULL = replace(PARAMETERS, effect=False)
"""The null world: the same shop, shoppers and history from the same seed, so that models learn from it as usual, but
its shoppers settle what they buy before a visit, and click on cards without regard to what these show. Whoever measures
a lift there measures chance, or a mistake of the measurement."""
