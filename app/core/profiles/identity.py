"""Who is one person: the names under which a shop meets its shoppers, what ties two names, and the profiles made of it.

A name is a kind and an id; a tie is evidence that two names are one person's. `stitch` turns ties into profiles. Its
answer depends on the set of ties alone, never on their order, and a change reaches no further than the ties do: whoever
stitches the names around a change anew gets what stitching everything would give. The rules themselves, with their
reasons, stand in `stitching`; what events and orders say in `identity_ties`; the words for it in `identity_words`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

HOUR_S: Final = 3600
MOST_HOURS: Final = 200
"""Of each tie so many occasions are remembered, the newest ones."""


class Name(StrEnum):
    """The kinds of names."""

    VISITOR = "visitor"
    """The theme's random id of a browser."""
    CLIENT = "client"
    """Shopify's id of a browser, which the pixel sees."""
    CUSTOMER = "customer"
    EMAIL = "email"
    """The keyed hash of an address, in hexadecimal digits."""
    KLAVIYO = "klaviyo"
    CART = "cart"
    """The hash of a cart's token."""
    CHECKOUT = "checkout"
    """The hash of a checkout's token."""
    GA4 = "ga4"
    """Google Analytics' ``user_pseudo_id``."""
    EXTERNAL = "external"
    """An id that another system gave a person, such as a till's or a help desk's."""


class Evidence(StrEnum):
    """Why two names are believed to be one person's."""

    BROWSER = "browser"
    """One browser reported both of its ids."""
    ANALYTICS = "analytics"
    """One browser reported its id of Google Analytics."""
    SIGNED_IN = "signed_in"
    """Shopify's signature said that the customer was signed in on the browser."""
    BOUGHT = "bought"
    """The browser saw the last page of a checkout whose order is the customer's."""
    BOUGHT_AS_GUEST = "bought_as_guest"
    """The same for an order without a customer: the address it was placed with."""
    ACCOUNT = "account"
    """An account was opened on the browser with the address."""
    NEWSLETTER = "newsletter"
    """The address was given to a newsletter form on the browser."""
    RECORD = "record"
    """The customer's record in Shopify holds the address."""
    ORDERED_WITH = "ordered_with"
    """The customer placed an order with the address."""
    TOKEN = "token"  # noqa: S105 - a word, no secret
    """The browser had the cart or checkout, or the order came of it."""
    EMAIL_LINK = "email_link"
    """The browser came through a link in a mail that Klaviyo had sent to the profile."""
    KLAVIYO_RECORD = "klaviyo_record"
    """Klaviyo's profile holds the address."""
    EXTERNAL = "external"
    """Another system says so."""
    MERGED = "merged"
    """The two customers were merged in Shopify."""


STRENGTH: Final[Mapping[Evidence, int]] = {
    Evidence.SIGNED_IN: 3,
    Evidence.BOUGHT: 3,
    Evidence.ACCOUNT: 3,
    Evidence.RECORD: 3,
    Evidence.MERGED: 3,
    Evidence.BROWSER: 3,
    Evidence.KLAVIYO_RECORD: 3,
    Evidence.BOUGHT_AS_GUEST: 2,
    Evidence.ORDERED_WITH: 2,
    Evidence.NEWSLETTER: 2,
    Evidence.TOKEN: 2,
    Evidence.EXTERNAL: 2,
    Evidence.ANALYTICS: 2,
    Evidence.EMAIL_LINK: 1,
}
"""3: somebody proved it (a signature, an account, a record of Shopify's). 2: somebody typed it. 1: a mail was opened,
which may have been passed on. What decides is the strength times the number of hours in which it was seen."""


class Named(NamedTuple):
    """One name of somebody."""

    kind: Name
    id: str


class Tie(NamedTuple):
    """Evidence that two names are one person's; `left` sorts before `right`.

    `hours` are the distinct hours (since 1970, UTC) in which it was seen, oldest first: the same event twice, or a
    page that is loaded again, is seen once.
    """

    left: Named
    right: Named
    evidence: Evidence
    hours: tuple[int, ...]


class Cut(NamedTuple):
    """The merchant's word that two names are not one person's. It outweighs every tie."""

    left: Named
    right: Named


class Standing(StrEnum):
    """What became of a name."""

    OWN = "own"
    """It belongs to its profile's person."""
    SHARED = "shared"
    """Several persons use it, none of them mostly: it belongs to none of them."""
    PUBLIC = "public"
    """It is tied to more names than a person has: it says nothing about anybody."""


class Member(NamedTuple):
    """A name's place: its profile, and how it stands there."""

    profile: str
    standing: Standing


def tie(one: Named, other: Named, evidence: Evidence, *hours: int) -> Tie:
    """A tie in its written form.

    Raises:
        ValueError: a name cannot be tied to itself.
    """
    if one == other:
        raise ValueError(f"{one.kind} {one.id} is tied to itself")
    left, right = sorted((one, other))
    return Tie(left, right, evidence, tuple(sorted(set(hours)))[-MOST_HOURS:])


def cut(one: Named, other: Named) -> Cut:
    """A cut in its written form."""
    left, right = sorted((one, other))
    return Cut(left, right)


def gathered(ties: Iterable[Tie]) -> list[Tie]:
    """The same ties, each pair and evidence once, with all their hours; in a fixed order."""
    hours: dict[tuple[Named, Named, Evidence], set[int]] = {}
    for one in ties:
        hours.setdefault((one.left, one.right, one.evidence), set()).update(one.hours)
    return [tie(left, right, evidence, *of) for (left, right, evidence), of in sorted(hours.items())]


def profile_id(root: Named) -> str:
    """The id of the profile that begins with this name. PostgreSQL computes the same, see `app.adapters.db.profiles`.

    The root of a profile with customers is the one with the smallest number: what was one profile before a merge has
    its own id again after the merge is undone.
    """
    return "p" + hashlib.sha256(f"{root.kind}:{root.id}".encode()).hexdigest()[:24]


class Sighting(NamedTuple):
    """Somebody was known on a device that several persons share: what happened there in that hour was theirs."""

    device: Named
    hour: int
    profile: str


def sightings(ties: Iterable[Tie], members: Mapping[Named, Member]) -> set[Sighting]:
    """Who was at which shared visitor's browser when; hours in which two persons were are nobody's.

    A link in a mail does not tell, because mails are passed on. What happened at a shared device in other hours is
    nobody's.
    """
    devices: defaultdict[str, list[Named]] = defaultdict(list)
    for name, member in members.items():
        if name.kind is Name.VISITOR and member.standing == Standing.SHARED:
            devices[member.profile].append(name)
    seen: defaultdict[tuple[Named, int], set[str]] = defaultdict(set)
    for one in ties:
        for device, person in ((one.left, one.right), (one.right, one.left)):
            if device.kind not in (Name.VISITOR, Name.CLIENT) or person.kind not in (Name.CUSTOMER, Name.EMAIL):
                continue
            if members[device].standing == Standing.SHARED and members[person].standing == Standing.OWN:
                for visitor in devices[members[device].profile]:
                    for hour in one.hours:
                        seen[visitor, hour].add(members[person].profile)
    return {Sighting(*at, next(iter(people))) for at, people in seen.items() if len(people) == 1}
