"""Erase a shop's data once it is gone for good (``shop/redact``, 48 hours after the uninstall), with a receipt.

A shop that has the app again by then keeps its data: the request is recorded and ignored. Whether it has the app is
asked of Shopify itself, because the webhook about the uninstall may have been lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import NoAccess
from app.ports import AdminApis, Clock, ErasablePlace, Installations, Privacy, Shops
from app.services.checkpoints import Checkpoint, carry_on

KIND: Final = "shop_erasure"


@dataclass(frozen=True, slots=True)
class Ports:
    places: Sequence[ErasablePlace]
    privacy: Privacy
    shops: Shops
    installations: Installations
    apis: AdminApis
    clock: Clock


def erase_shop(shop: ShopId, *, request_id: str, ports: Ports, checkpoint: Checkpoint = carry_on) -> dict[str, Any]:
    """Erase everything but the receipts; returns what the receipt says by place.

    Raises:
        Permanent, Retryable: Shopify does not tell whether the app is installed; nothing has been erased.
    """
    now = ports.clock.now()
    if is_installed(shop, ports):
        if ports.privacy.open_receipt(shop, request_id, KIND, "", at=now):
            ports.privacy.close_receipt(shop, request_id, at=now, places={"ignored": "the app is installed again"})
        return {}
    ports.installations.uninstall(shop, at=now)
    checkpoint("uninstalled")
    if not ports.privacy.open_receipt(shop, request_id, KIND, "", at=now):
        return {}
    for place in ports.places:
        records = place.erase_shop(shop)
        ports.privacy.note_place(shop, request_id, place.name, records=records, at=ports.clock.now())
        checkpoint(place.name)
    return ports.privacy.close_receipt(shop, request_id, at=ports.clock.now(), places={})


def is_installed(shop: ShopId, ports: Ports) -> bool:
    """Whether the shop has the app now: our state says so, and the token still works.

    Raises:
        Permanent: Shopify refuses for another reason (the shop is frozen, say), which tells nothing: nothing is erased.
        Retryable: Shopify does not answer.
    """
    known = ports.shops.by_id(shop)
    if known is None or known.state is not ShopState.INSTALLED:
        return False
    try:
        ports.apis.of(known).run("shop")
    except NoAccess:
        return False
    return True
