"""What the pages call the parts of an experiment, and what every figure on them means (law 6)."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.experiments.drafts import Lever
from app.core.experiments.judgement import DecisionKind
from app.core.experiments.types import Kind, Metric, Status

KINDS: Mapping[Kind, str] = {
    Kind.HOLD_OUT: "Hold-out",
    Kind.AB: "A/B test",
    Kind.INTERLEAVING: "Two rankings in one rail",
    Kind.EMAIL: "E-mail test",
}
STATUSES: Mapping[Status, tuple[str, str]] = {
    Status.DRAFT: ("Draft", "neutral"),
    Status.RUNNING: ("Running", "success"),
    Status.STOPPED: ("Ended", "info"),
}
"""The badge and its tone."""
DECISIONS: Mapping[DecisionKind, tuple[str, str]] = {
    DecisionKind.KEEP_RUNNING: ("No decision yet", "info"),
    DecisionKind.SHIP: ("A clear winner", "success"),
    DecisionKind.STOP: ("A clear loser", "critical"),
    DecisionKind.NO_DIFFERENCE: ("No difference shown", "info"),
    DecisionKind.BLOCKED: ("These figures cannot be trusted", "critical"),
}
"""The heading over the verdict's sentence, and its tone."""
METRICS: Mapping[Metric, str] = {
    Metric.CONVERSION: "Conversion",
    Metric.REVENUE_PER_VISITOR: "Revenue per visitor",
    Metric.ORDER_VALUE: "Order value",
    Metric.CLICK_THROUGH: "Click-through",
    Metric.CART_RECOVERY: "Cart recovery",
    Metric.REPEAT_PURCHASE: "Repeat purchase",
}
DEFINITIONS: Mapping[str, str] = {
    "Version": "one of those that are compared; the control is the one that the others are compared with",
    "Visitor": "a browser that allowed analytics and had the rail’s place in view for a second, whatever stood in it; "
    "it stays in the version that it was first in, and counts from then on (intent to treat). Of a signed-in customer "
    "all browsers count as one. In an e-mail test a visitor is a customer on the list that you downloaded",
    "Conversion": "visitors with an order after that, of all visitors",
    "Revenue per visitor": "what those orders brought after discounts, refunds and edits as of now, divided by all "
    "visitors, buyers or not; the largest half per cent of buyers counts as the amount that the other 99.5 % stay "
    "below, so that one enormous order does not decide",
    "Order value": "revenue divided by orders, the largest half per cent of buyers cut as above",
    "Click-through": "clicks on cards divided by cards seen; only where Attune’s cards stood in every version",
    "Cart recovery": "carts left for a day that were bought within the following week, of all that were left",
    "Repeat purchase": "visitors with orders on two days or more, of all visitors",
    "Lift": "how much more, or less, a version has than the control, in per cent of the control’s figure. As long as "
    "little was counted it is drawn towards 0: before anything is counted, lifts are taken to lie around 0 with a "
    "spread of 30 %, or with that of your own ended tests once there are five",
    "95 % interval": "the range in which the true lift lies with 95 % probability, if looked at once",
    "Chance to win": "the probability that the version’s true figure is above the control’s",
    "Expected loss": "what choosing the version costs on average if it is the worse one after all, in per cent of the "
    "control’s figure",
    "Range at every look": "a wider range for the lift, which holds however often you look; winners and losers are "
    "called by it alone",
    "Difference in revenue": "what the visitors of a version spent more than as many of the control’s, nothing cut and "
    "not drawn towards 0",
    "Attribution": "orders after a click; some would have been placed anyway, so it is not what was earned",
}
DEFINITIONS_OF_VISITS: Mapping[str, str] = {
    "Visit": "what one visitor, who allowed analytics, clicked in the rail without a pause of half an hour",
    "Visits won by a ranking": "those in which its cards got more clicks than the other’s. Both choose cards in turn, "
    "and a coin says which begins, so that neither has the better places",
    "95 % interval": "the range in which the true share of visits that a ranking wins lies with 95 % probability, if "
    "looked at once; half of them would be no preference",
}
"""Of two rankings in one rail, which have no visitors of their own."""
EXCLUDED: Mapping[str, str] = {
    "two_arms": "Visitors seen in two versions",
    "bots": "Programs: more than 500 events in an hour, or 2,000 without an order",
    "staff": "Customers tagged “staff”",
    "window": "Visitors of days that were left out",
    "foreign_orders": "Orders in another currency",
}
LEVERS: Mapping[Lever, tuple[str, str]] = {
    Lever.RAIL: ("A rail itself", "The rail against nothing, or against Shopify’s own list: does it earn anything?"),
    Lever.STRATEGY: ("A ranking", "Which source of products comes first in a rail; the others still fill it up."),
    Lever.INTERLEAVING: (
        "Two rankings in one rail",
        "They take turns in choosing cards, and clicks say which is liked better. Needs fewer visitors; says nothing "
        "of revenue.",
    ),
    Lever.MODEL: ("A model", "An earlier training against the one in use."),
    Lever.TREND: ("A weight", "How much what sells counts beside what suits the shopper."),
    Lever.EXPLORE: (
        "Exploration",
        "Some places are drawn by chance, so that new products get seen and are learnt from.",
    ),
    Lever.SLIDER: (
        "A slider",
        "One of the rail’s sliders, the others at 0, against the rail as it is: what variety or a first audience for "
        "new products costs and brings in your store.",
    ),
    Lever.TITLE: ("A title", "What stands above the rail."),
    Lever.PLACE: (
        "A place on the page",
        "Needs the rail’s block twice on the page, the second with its “Position” set to “Alternative (for a test)”.",
    ),
    Lever.EMAIL: ("E-mails", "Customers are split by a list that you take to where your mails are sent."),
}
"""What can be tested, and what that tells."""
VALUES: Mapping[Lever, str] = {
    Lever.STRATEGY: "Ranking",
    Lever.INTERLEAVING: "Ranking",
    Lever.MODEL: "Model",
    Lever.TREND: "Weight of what sells (%)",
    Lever.EXPLORE: "Places drawn by chance (%)",
    Lever.SLIDER: "Slider",
    Lever.TITLE: "Title",
    Lever.EMAIL: "Name of this version",
}
"""The label of a version's field."""
