"""The customers of an imported shop: real numbers and countries, invented names.

The log has only ids. Names, streets and e-mail addresses (under reserved example domains) are made up from the id, so
they stay the same from run to run; the id stands in the customer's id (…012345 is customer 12345).
"""

from __future__ import annotations

from datetime import datetime

from devstore.model import Address, Customer
from devstore.worlds import ids
from devstore.worlds.imported.log import Log
from devstore.worlds.imported.times import London
from devstore.worlds.names import FIRST_NAMES, LAST_NAMES, STREETS, email_of

# Capital and code by the log's name of the country; what is no country ("Unspecified") leaves no address.
COUNTRIES = {
    "United Kingdom": ("London", "GB"), "EIRE": ("Dublin", "IE"),
    "Germany": ("Berlin", "DE"), "France": ("Paris", "FR"),
    "Netherlands": ("Amsterdam", "NL"), "Belgium": ("Brussels", "BE"), "Spain": ("Madrid", "ES"),
    "Portugal": ("Lisbon", "PT"), "Italy": ("Rome", "IT"), "Switzerland": ("Bern", "CH"), "Austria": ("Vienna", "AT"),
    "Denmark": ("Copenhagen", "DK"), "Sweden": ("Stockholm", "SE"), "Norway": ("Oslo", "NO"),
    "Finland": ("Helsinki", "FI"), "Iceland": ("Reykjavik", "IS"), "Poland": ("Warsaw", "PL"),
    "Czech Republic": ("Prague", "CZ"), "Greece": ("Athens", "GR"), "Cyprus": ("Nicosia", "CY"),
    "Malta": ("Valletta", "MT"), "Lithuania": ("Vilnius", "LT"), "Channel Islands": ("Saint Helier", "JE"),
    "USA": ("Washington", "US"), "Canada": ("Ottawa", "CA"), "Brazil": ("Brasília", "BR"),
    "Bermuda": ("Hamilton", "BM"),
    "Australia": ("Canberra", "AU"), "Japan": ("Tokyo", "JP"), "Korea": ("Seoul", "KR"),
    "Singapore": ("Singapore", "SG"), "Hong Kong": ("Hong Kong", "HK"), "Thailand": ("Bangkok", "TH"),
    "Israel": ("Jerusalem", "IL"), "Lebanon": ("Beirut", "LB"), "United Arab Emirates": ("Abu Dhabi", "AE"),
    "Saudi Arabia": ("Riyadh", "SA"), "Bahrain": ("Manama", "BH"), "RSA": ("Pretoria", "ZA"),
    "Nigeria": ("Abuja", "NG"),
}  # fmt: skip
_MARKETING = ("SUBSCRIBED", "NOT_SUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED")


def country_code(country: str) -> str:
    """The two letters of a country of the log, or nothing."""
    return COUNTRIES[country][1] if country in COUNTRIES else ""


def make_customers(log: Log, clock: London) -> dict[int, Customer]:
    """By the log's id, in its order."""
    columns = log.customers()
    rows = zip(
        columns["customer"].tolist(), clock.utc(columns["first_order"]), clock.utc(columns["last_order"]),
        columns["country"].tolist(), strict=True,
    )  # fmt: skip
    return {number: _customer(number, first, last, country) for number, first, last, country in rows}


def _customer(number: int, joined: datetime, updated: datetime, country: str) -> Customer:
    scattered = number * 2_654_435_761 % 2**32
    first = FIRST_NAMES[scattered % len(FIRST_NAMES)]
    last = LAST_NAMES[scattered // 1000 % len(LAST_NAMES)]
    return Customer(
        id=ids.CUSTOMER + number,
        first_name=first,
        last_name=last,
        email=email_of(first, last, number),
        phone=None,
        address=_address(scattered, country),
        created_at=joined,
        updated_at=updated,
        email_marketing=_MARKETING[scattered // 7 % len(_MARKETING)],
    )


def _address(scattered: int, country: str) -> Address | None:
    if country not in COUNTRIES:
        return None
    city, code = COUNTRIES[country]
    return Address(f"{scattered % 180 + 1} {STREETS[scattered // 11 % len(STREETS)]}", city, "", code)
