"""Carts and checkouts: names that live for one purchase, and tie the browser that had them to the order it became.

They conduct and never claim: a browser with a checkout whose order is a customer's is tied to the customer as if it had
reported the purchase itself, which it does not where the last page was never seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from app.core.profiles.identity import Evidence, Name, Named, Tie, gathered, tie

TOKENS: Final = frozenset({Name.CART, Name.CHECKOUT})
_DEVICES: Final = frozenset({Name.VISITOR, Name.CLIENT, Name.GA4})

Partners = dict[Named, list[Tie]]


def through_tokens(ties: Sequence[Tie]) -> tuple[list[Tie], Partners]:
    """The ties with what tokens conduct in the tokens' place, and each token's own ties."""
    partners: defaultdict[Named, list[Tie]] = defaultdict(list)
    plain = []
    for one in ties:
        tokens = [name for name in (one.left, one.right) if name.kind in TOKENS]
        for token in tokens:
            partners[token].append(one)
        if not tokens:
            plain.append(one)
    conducted = [made for token in list(partners) for made in _conducted(token, partners)]
    return (gathered([*plain, *conducted]) if conducted else plain), dict(partners)


def token_owners(partners: Partners, token: Named, person: Callable[[Named], Named]) -> Named | None:
    """Whose a cart or checkout is: its order's customer, or else its order's address, or else its browser's owner."""
    buyers, devices = _ends(token, partners)
    people = {person(name) for name in buyers} or {person(name) for name, _ in devices}
    return people.pop() if len(people) == 1 else None


def _conducted(token: Named, partners: Partners) -> list[Tie]:
    buyers, devices = _ends(token, partners)
    if len(buyers) != 1:
        return []
    buyer = buyers.pop()
    evidence = Evidence.BOUGHT if buyer.kind is Name.CUSTOMER else Evidence.BOUGHT_AS_GUEST
    return [tie(device, buyer, evidence, *hours) for device, hours in devices]


def _ends(token: Named, partners: Partners) -> tuple[set[Named], list[tuple[Named, tuple[int, ...]]]]:
    """The customer or else the address that bought, and the browsers; also of the cart that became the checkout."""
    around = [*partners.get(token, ())]
    for near in [_other(one, token) for one in around]:
        if near.kind in TOKENS:
            around.extend(one for one in partners.get(near, ()) if token not in (one.left, one.right))
    names = [(name, one.hours) for one in around for name in (one.left, one.right)]
    customers = {name for name, _ in names if name.kind is Name.CUSTOMER}
    addresses = {name for name, _ in names if name.kind is Name.EMAIL}
    return customers or addresses, [(name, hours) for name, hours in names if name.kind in _DEVICES]


def _other(one: Tie, name: Named) -> Named:
    return one.right if one.left == name else one.left
