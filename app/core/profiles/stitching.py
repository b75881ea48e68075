"""The rules by which ties become profiles, so that shared devices and household addresses glue nobody together.

Names stand in three layers: customers, addresses (with what Klaviyo and others call their holder), and devices (a
browser's ids). Inside a layer little is joined: customers that Shopify has merged, an address and its Klaviyo profile,
the ids of one browser. Between layers a name is *claimed*: customers claim addresses and devices, and addresses claim
devices. One claimant owns the name; of several, one with at least four fifths of the weight does; otherwise the name is
shared and belongs to nobody. Two customers are therefore never one profile unless Shopify merged them, whatever devices
or addresses they have in common, and evidence is followed over four steps at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from app.core.profiles.groups import Groups
from app.core.profiles.identity import (
    STRENGTH,
    Cut,
    Evidence,
    Member,
    Name,
    Named,
    Standing,
    Tie,
    profile_id,
)
from app.core.profiles.tokens import TOKENS, through_tokens, token_owners

OWNED: Final = 0.8
"""From this share of a name's weight on it is one claimant's, and the others were guests."""
LIMITS: Final[Mapping[Name, int]] = {
    Name.VISITOR: 60,
    Name.CLIENT: 60,
    Name.GA4: 60,
    Name.EMAIL: 150,
    Name.KLAVIYO: 150,
    Name.EXTERNAL: 150,
    Name.CART: 12,
    Name.CHECKOUT: 12,
    Name.CUSTOMER: 600,
}
"""To how many other names one may be tied before it says nothing any more: a till's browser, ``none@none.com``, the
account of the staff. A browser that clears its storage every week is fifty devices a year, so a customer has many."""
MOST_NAMES: Final = 2000
"""A profile with more devices than this is no person; it keeps its customers and addresses."""

DEVICES: Final = frozenset({Name.VISITOR, Name.CLIENT, Name.GA4})
ADDRESSES: Final = frozenset({Name.EMAIL, Name.KLAVIYO, Name.EXTERNAL})
INSIDE: Final = frozenset({Evidence.BROWSER, Evidence.ANALYTICS, Evidence.KLAVIYO_RECORD, Evidence.MERGED})
"""Ties inside a layer: what they join is one thing."""

Weights = dict[Named, int]
"""Claimants (the roots of their groups) and the weight of each one's claim."""


def stitch(
    ties: Sequence[Tie],
    cuts: Iterable[Cut] = (),
    *,
    alone: Iterable[Named] = (),
    public: Iterable[Named] | None = None,
) -> dict[Named, Member]:
    """The profile of every name that is tied, or stands in `alone`.

    Args:
        ties: each pair and evidence once. Of a name that is not public all its ties must be there.
        public: the public names among them; None where all ties are there and these can be found out.
    """
    if public is None:
        public = [name for name, degree in degrees(ties).items() if is_public(name, degree)]
    return _Stitching(ties, cuts, alone, frozenset(public)).members()


def degrees(ties: Iterable[Tie]) -> dict[Named, int]:
    """To how many other names each is tied; merges of customers don't count, they are Shopify's own word."""
    partners: defaultdict[Named, set[Named]] = defaultdict(set)
    for one in ties:
        if one.evidence is not Evidence.MERGED:
            partners[one.left].add(one.right)
            partners[one.right].add(one.left)
    return {name: len(others) for name, others in partners.items()}


def is_public(name: Named, degree: int) -> bool:
    """Whether a name with so many ties says nothing about anybody."""
    return degree > LIMITS[name.kind]


class _Stitching:
    """One run of the rules. Every step reads what the steps before it have settled, never what it settles itself."""

    def __init__(
        self, ties: Sequence[Tie], cuts: Iterable[Cut], alone: Iterable[Named], public: frozenset[Named]
    ) -> None:
        self._public = public
        self._names = {name for one in ties for name in (one.left, one.right)} | set(alone)
        kept = [one for one in ties if one.evidence is Evidence.MERGED or not self._public & {one.left, one.right}]
        plain, tokens = through_tokens(kept)
        self._tokens = tokens
        self._cuts = {frozenset(one) for one in cuts}
        self._of_cut = {name for pair in self._cuts for name in pair}
        self._groups = Groups(_first_hours(ties))
        self._join_inside(plain)
        self._across = [one for one in plain if one.evidence not in INSIDE]
        self._owner: dict[Named, Named] = {}
        self._shared: set[Named] = set()

    def members(self) -> dict[Named, Member]:
        self._settle_addresses_by_customers()
        self._settle_devices(self._claims_of_known())
        self._settle_addresses_by_devices()
        self._settle_devices(self._claims_of_all())
        self._let_go_of_crowds()
        return {name: self._member(name) for name in self._names}

    # -- inside the layers -------------------------------------------------------------------------------------------

    def _join_inside(self, ties: Sequence[Tie]) -> None:
        inside = [one for one in ties if one.evidence in INSIDE]
        for one in sorted(inside, key=lambda one: (-len(one.hours), one)):
            left, right = self._groups.root(one.left), self._groups.root(one.right)
            if left != right and not self._are_cut(left, right):
                self._groups.join(left, right)

    def _are_cut(self, one: Named, other: Named) -> bool:
        """Whether the merchant has cut a name of the one group from a name of the other."""
        mine = [name for name in self._groups.names(one) if name in self._of_cut]
        return bool(mine) and any(
            frozenset((left, right)) in self._cuts for left in mine for right in self._groups.names(other)
        )

    # -- between the layers ------------------------------------------------------------------------------------------

    def _settle_addresses_by_customers(self) -> None:
        """Shopify's own records first. An address that stands in two of them is a household's."""
        records, orders = self._between(Name.CUSTOMER, ADDRESSES)
        for address, claims in records.items():
            if len(claims) == 1:
                self._owner[address] = next(iter(claims))
            else:
                self._shared.add(address)
        for address, claims in orders.items():
            if address not in records:
                self._settle(address, claims)

    def _between(self, kind: Name, layer: frozenset[Name]) -> tuple[dict[Named, Weights], dict[Named, Weights]]:
        """What customers claim in the layer: by their records, and in other ways."""
        records: dict[Named, Weights] = {}
        others: dict[Named, Weights] = {}
        for one in self._across:
            claimant, claimed = _ordered(one, kind, layer)
            if claimant is not None and claimed is not None:
                into = records if one.evidence is Evidence.RECORD else others
                self._claim(into, claimed, self._groups.root(claimant), _weight(one))
        return records, others

    def _claims_of_known(self) -> dict[Named, Weights]:
        """What customers claim of devices: themselves, and by addresses that are theirs."""
        return self._claims_on_devices(self._owner.get)

    def _claims_of_all(self) -> dict[Named, Weights]:
        """The same for devices that are still nobody's, by addresses without a customer too.

        An address that is known from this device alone (mistyped, or used once) does not contest the device with one
        that is known elsewhere; it follows it.
        """
        seen: defaultdict[Named, set[Named]] = defaultdict(set)
        for address, device, _ in self._uses():
            seen[address].add(device)
        claims = self._claims_on_devices(lambda address: self._owner.get(address, address))
        for device, of in claims.items():
            known = {
                person: weight for person, weight in of.items() if person.kind is Name.CUSTOMER or len(seen[person]) > 1
            }
            claims[device] = known or of
        return claims

    def _claims_on_devices(self, holder: Callable[[Named], Named | None]) -> dict[Named, Weights]:
        claims: dict[Named, Weights] = {}
        _, direct = self._between(Name.CUSTOMER, DEVICES)
        for device, of in direct.items():
            for person, weight in of.items():
                self._claim(claims, device, person, weight)
        for address, device, weight in self._uses():
            held_by = None if address in self._shared else holder(address)
            if held_by is not None:
                self._claim(claims, device, held_by, weight)
        return claims

    def _settle_devices(self, claims: Mapping[Named, Weights]) -> None:
        for device, of in claims.items():
            if device not in self._owner and device not in self._shared:
                self._settle(device, of)

    def _settle_addresses_by_devices(self) -> None:
        """An address that no customer holds belongs to the customer on whose devices it was given."""
        claims: dict[Named, Weights] = {}
        for address, device, weight in self._uses():
            person = self._owner.get(device)
            if person is not None and address not in self._owner and address not in self._shared:
                self._claim(claims, address, person, weight)
        for address, of in claims.items():
            self._settle(address, of)

    def _uses(self) -> list[tuple[Named, Named, int]]:
        """Address, device and weight of every tie between the two layers."""
        found = []
        for one in self._across:
            for address, device in ((one.left, one.right), (one.right, one.left)):
                if address.kind in ADDRESSES and device.kind in DEVICES:
                    found.append((self._groups.root(address), self._groups.root(device), _weight(one)))
        return found

    def _claim(self, claims: dict[Named, Weights], claimed: Named, claimant: Named, weight: int) -> None:
        claimed = self._groups.root(claimed)
        if claimed == claimant or (self._of_cut and self._are_cut(claimed, claimant)):
            return
        of = claims.setdefault(claimed, {})
        of[claimant] = of.get(claimant, 0) + weight

    def _settle(self, name: Named, claims: Weights) -> None:
        if not claims:
            return
        top = min(claims, key=lambda person: (-claims[person], person))
        if claims[top] >= OWNED * sum(claims.values()):
            self._owner[name] = top
        else:
            self._shared.add(name)

    # -- the outcome -------------------------------------------------------------------------------------------------

    def _person(self, name: Named) -> Named:
        """The root of the group that a name's profile begins with."""
        root = self._groups.root(name)
        return self._owner.get(root, root)

    def _let_go_of_crowds(self) -> None:
        sizes: defaultdict[Named, int] = defaultdict(int)
        for name in self._names:
            sizes[self._person(name)] += 1
        crowded = {person for person, size in sizes.items() if size > MOST_NAMES}
        for name in [name for name, person in self._owner.items() if person in crowded and name.kind in DEVICES]:
            del self._owner[name]
            self._shared.add(name)

    def _member(self, name: Named) -> Member:
        if name.kind in TOKENS:
            owner = token_owners(self._tokens, name, self._person)
            return Member(profile_id(owner or name), Standing.OWN if owner else Standing.SHARED)
        if name in self._public:
            return Member(profile_id(self._groups.root(name)), Standing.PUBLIC)
        standing = Standing.SHARED if self._groups.root(name) in self._shared else Standing.OWN
        return Member(profile_id(self._person(name)), standing)


def _weight(one: Tie) -> int:
    return STRENGTH[one.evidence] * len(one.hours)


def _ordered(one: Tie, kind: Name, layer: frozenset[Name]) -> tuple[Named, Named] | tuple[None, None]:
    """The tie's name of the kind and its name in the layer, if it is between the two."""
    for claimant, claimed in ((one.left, one.right), (one.right, one.left)):
        if claimant.kind is kind and claimed.kind in layer:
            return claimant, claimed
    return None, None


def _first_hours(ties: Iterable[Tie]) -> dict[Named, int]:
    """When each name was first seen in a tie."""
    first: dict[Named, int] = {}
    for one in ties:
        for name in (one.left, one.right):
            if one.hours and one.hours[0] < first.get(name, 2**62):
                first[name] = one.hours[0]
    return first
