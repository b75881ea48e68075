"""The names under which Klaviyo knows what is ours: profile properties, metrics, and parameters of links.

Klaviyo has no namespaces, so each begins with our name; a rename would make a new property beside the old one in every
profile, so these stay. https://developers.klaviyo.com/en/docs/working_with_profile_properties
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

RECOMMENDATIONS: Final = "attune_recs"
"""At most eight recommendation objects (`app.core.email.products.MailItem.as_json`), the best first."""
RECOMMENDED_IDS: Final = "attune_rec_ids"
"""Their product ids, for Klaviyo's own catalogue lookup."""
FACTS: Final = "attune_facts"
"""An object: segments, lifecycle, rfm, churn_risk, next_order_date, favourite_category, next_best_offer,
cohort."""
SEGMENTS: Final = "attune_segments"
"""The handles of segments once more, flat, because Klaviyo's own segments can't look into an object."""
ARM: Final = "attune_email_arm"
"""On which side of the e-mail hold-out the shopper is; flows split on it."""
GONE: Final = "attune_gone"
"""Ids of products that an event has brought for mails that may still be under way, and that cannot be bought now."""
PROPERTIES: Final = (RECOMMENDATIONS, RECOMMENDED_IDS, FACTS, SEGMENTS, ARM, GONE)
"""All that is ever written to a profile, and taken away when the shopper objects, is erased, or the app leaves."""

REQUEST, PLACE, CHANNEL = "attune_rid", "attune_pos", "attune_ch"
"""Parameters of a link in a mail: the decision's request id, the product's place in it from 1, and the channel."""
KLAVIYO_CHANNEL: Final = "klaviyo"


class Arm(StrEnum):
    """The sides of the e-mail hold-out."""

    ATTUNE = "attune"
    CONTROL = "control"
    """Gets the merchant's static block in the same mails."""


class Trigger(StrEnum):
    """What starts a flow: the names of our metrics in Klaviyo."""

    SIGNED_UP = "Attune Signed Up"
    BROWSE_ABANDONED = "Attune Browse Abandoned"
    CART_LEFT = "Attune Cart Left Behind"
    ORDERED = "Attune Order Placed"
    REPLENISHMENT_DUE = "Attune Replenishment Due"
    BACK_IN_FAVOURITES = "Attune Back In Favourites"
    CHURN_RISK_ROSE = "Attune Churn Risk Rose"
    WIN_BACK = "Attune Win-Back"
