"""The e-mail hold-out: some shoppers get the merchant's own block in the mails where the others get our products.

The side is computed from a salted hash of the customer, so nothing is stored that an erasure or a restored backup could
lose, and the same shopper is on the same side in every flow. Another share moves as few people as it must.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from app.core.email.names import Arm
from app.core.ids import CustomerId

USUAL_SHARE: Final = 0.1
MOST_SHARE: Final = 0.5
_SLOTS: Final = 1 << 64


def arm_of(salt: str, customer: CustomerId, *, share: float = USUAL_SHARE) -> Arm:
    """The side of one customer.

    Args:
        salt: the shop's own, made once; with another one everybody is drawn anew.
        share: the part of all customers that is held out, from 0 to `MOST_SHARE`.
    """
    digest = blake2b(f"mail:{salt}:{customer}".encode(), digest_size=8).digest()
    return Arm.CONTROL if int.from_bytes(digest, "big") / _SLOTS < share else Arm.ATTUNE
