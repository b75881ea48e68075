"""The customers as records: invented names, addresses in the shop's countries, marketing consent and opt-outs.

Whatever here looks like a trait (tags, consent, country) is unrelated to the latent tastes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from devstore.model import Address, Customer
from devstore.worlds import ids
from devstore.worlds.generated.arrays import Ints
from devstore.worlds.names import FIRST_NAMES, LAST_NAMES, STREETS, email_of

TOWNS = (
    ("Berlin", "10115", "DE"), ("Hamburg", "20095", "DE"), ("Leipzig", "04109", "DE"), ("Freiburg", "79098", "DE"),
    ("Köln", "50667", "DE"), ("Wien", "1010", "AT"), ("Graz", "8010", "AT"), ("Utrecht", "3511", "NL"),
    ("Gent", "9000", "BE"), ("Lyon", "69001", "FR"), ("Torino", "10121", "IT"), ("Bilbao", "48001", "ES"),
    ("Aarhus", "8000", "DK"), ("Malmö", "211 19", "SE"), ("Dublin", "D02", "IE"),
)  # fmt: skip
_TOWN_WEIGHTS = np.array([9, 7, 5, 4, 6, 5, 2, 4, 2, 3, 2, 2, 2, 2, 2], np.float64)
_MARKETING = ("SUBSCRIBED", "NOT_SUBSCRIBED", "UNSUBSCRIBED", "PENDING")
_MARKETING_WEIGHTS = (0.46, 0.42, 0.1, 0.02)
_OPT_OUT = 0.012
_LOCALES = {"DE": "de", "AT": "de", "NL": "nl", "BE": "nl", "FR": "fr", "IT": "it", "ES": "es", "DK": "da", "SE": "sv"}


def make_customers(start: datetime, joined: Ints, updated: Ints, random: np.random.Generator) -> list[Customer]:
    """Customers who joined at those seconds after `start` and last changed (ordered) at `updated`."""
    count = len(joined)
    town = random.choice(len(TOWNS), count, p=_TOWN_WEIGHTS / _TOWN_WEIGHTS.sum()).tolist()
    first, last = (
        random.integers(0, len(FIRST_NAMES), count).tolist(),
        random.integers(0, len(LAST_NAMES), count).tolist(),
    )
    street, house = random.integers(0, len(STREETS), count).tolist(), random.integers(1, 180, count).tolist()
    marketing = random.choice(len(_MARKETING), count, p=_MARKETING_WEIGHTS).tolist()
    opted_out = (random.random(count) < _OPT_OUT).tolist()
    joins, updates = joined.tolist(), updated.tolist()
    return [
        Customer(
            id=ids.CUSTOMER + number + 1,
            first_name=FIRST_NAMES[first[number]],
            last_name=LAST_NAMES[last[number]],
            email=email_of(FIRST_NAMES[first[number]], LAST_NAMES[last[number]], number + 1),
            phone=None,
            address=_address(town[number], house[number], street[number]),
            created_at=start + timedelta(seconds=joins[number]),
            updated_at=start + timedelta(seconds=updates[number]),
            tags=("newsletter",) if marketing[number] == 0 else (),
            email_marketing=_MARKETING[marketing[number]],
            data_sale_opt_out=opted_out[number],
            locale=_LOCALES.get(TOWNS[town[number]][2], "en"),
        )
        for number in range(count)
    ]


def _address(town: int, house: int, street: int) -> Address:
    city, code, country = TOWNS[town]
    return Address(f"{house} {STREETS[street]}", city, code, country)
