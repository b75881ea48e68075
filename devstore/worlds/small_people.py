"""The customers of the small world: a hundred and fifty neighbours, some of them awkward on purpose.

One has no e-mail address, one no address, one opted out of the sale of data, and several do not want e-mail.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from devstore.model import Address, Customer
from devstore.worlds import ids
from devstore.worlds.names import FIRST_NAMES, LAST_NAMES, STREETS, email_of

CUSTOMERS = 150

_TOWNS = (
    ("Burlington", "05401", "US", "VT"),
    ("Portland", "04101", "US", "ME"),
    ("Ithaca", "14850", "US", "NY"),
    ("Asheville", "28801", "US", "NC"),
    ("Duluth", "55802", "US", "MN"),
    ("Halifax", "B3H 1A1", "CA", "NS"),
)
_MARKETING = ("SUBSCRIBED", "SUBSCRIBED", "NOT_SUBSCRIBED", "UNSUBSCRIBED")


def make_customers(random: Random, opened: datetime, now: datetime) -> list[Customer]:
    """The customers, oldest account first."""
    hours = int((now - opened).total_seconds() // 3600)
    ages = sorted((random.randrange(24, hours) for _ in range(CUSTOMERS)), reverse=True)
    customers = [_customer(number, now - timedelta(hours=age), random) for number, age in enumerate(ages, start=1)]
    customers[10].email = None
    customers[10].phone = "+15555550110"
    customers[11].address = None
    customers[12].data_sale_opt_out = True
    return customers


def _customer(number: int, created: datetime, random: Random) -> Customer:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    city, code, country, province = random.choice(_TOWNS)
    return Customer(
        id=ids.CUSTOMER + number,
        first_name=first,
        last_name=last,
        email=email_of(first, last, number),
        phone=None,
        address=Address(f"{random.randrange(1, 180)} {random.choice(STREETS)}", city, code, country, province),
        created_at=created,
        updated_at=created,
        tags=("newsletter",) if number % 9 == 0 else (),
        email_marketing=random.choice(_MARKETING),
        locale="fr" if number % 25 == 0 else "en",
    )
