"""The properties of a Klaviyo profile that are ours: what they hold, and when they count as changed.

Klaviyo takes a profile of at most 100 kB, and 10,000 profiles or 5 MB at a time.
https://developers.klaviyo.com/en/reference/bulk_import_profiles
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from app.core.email.names import ARM, FACTS, GONE, PROPERTIES, RECOMMENDATIONS, RECOMMENDED_IDS, SEGMENTS, Arm
from app.core.email.outlook import Outlook
from app.core.email.picked import Picked
from app.core.ids import ProductId
from app.core.segments.outlets import Told

LARGEST_PROFILE: Final = 100_000
MOST_PROFILES: Final = 10_000
LARGEST_BODY: Final = 5_000_000
ENVELOPE: Final = 200
"""Room for what stands around the profiles in a body."""
WRAPPING: Final = 24
"""What is written around each profile in it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of the customer beside products."""

    told: Told
    outlook: Outlook
    favourite_category: str = ""
    arm: Arm | None = None
    """None where there is no e-mail hold-out."""
    cohort: str = ""
    """Under which campaigns look products up (`app.core.email.feeds.cohort_in`)."""


def properties_of(picked: Picked, facts: Facts) -> dict[str, Any]:
    """Ours, without what would be empty."""
    told, outlook = facts.told, facts.outlook
    known = {
        "segments": list(told.segments),
        "lifecycle": told.stage,
        "rfm": told.scores,
        "churn_risk": outlook.churn_risk,
        "next_order_date": outlook.next_order.isoformat() if outlook.next_order else "",
        "favourite_category": facts.favourite_category,
        "next_best_offer": outlook.next_best_offer,
        "cohort": facts.cohort,
    }
    said: dict[str, Any] = {
        RECOMMENDATIONS: picked.as_json(),
        RECOMMENDED_IDS: [str(item.product_id) for item in picked.items],
        FACTS: {name: value for name, value in known.items() if value},
        SEGMENTS: list(told.segments),
        ARM: facts.arm.value if facts.arm else "",
    }
    return {name: value for name, value in said.items() if value}


def gone_of(products: Collection[ProductId]) -> dict[str, list[str]]:
    """The property that keeps mails under way from showing these, none where there are none."""
    return {GONE: [str(one) for one in sorted(products)]} if products else {}


def digest_of(picked: Picked, properties: Mapping[str, Any]) -> str:
    """Changes when a shopper could see a difference; every decision has another request id, which nobody sees."""
    rest = {name: value for name, value in properties.items() if name != RECOMMENDATIONS}
    return sha256(orjson.dumps([picked.items, rest], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def profile_of(email: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """As the bulk import takes it; those of ours that are empty now are taken away."""
    unset = [name for name in PROPERTIES if name not in properties]
    profile: dict[str, Any] = {"attributes": {"email": email, "properties": dict(properties)}}
    return {**profile, "meta": {"patch_properties": {"unset": unset}}} if unset else profile


def emptied(profile: str) -> dict[str, Any]:
    """An existing profile, by Klaviyo's own id, as the bulk import takes it to take all of ours away."""
    return {"id": profile, "attributes": {}, "meta": {"patch_properties": {"unset": list(PROPERTIES)}}}


def size_of(profile: Mapping[str, Any]) -> int:
    """Bytes of the profile in a body."""
    return len(orjson.dumps(profile)) + WRAPPING


def favourite_of(kinds: Sequence[str]) -> str:
    """The product type that was bought most often, of equal ones the one bought last; `kinds` are the newest first."""
    own = [kind for kind in kinds if kind]
    return max(dict.fromkeys(own), key=own.count, default="")
