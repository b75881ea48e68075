"""Take what is ours out of all Klaviyo profiles before a connection ends: nobody could bring it up to date any more.

Left in place, the products of the last push would stand in the merchant's mails for ever, sold out ones among them.
"""

from __future__ import annotations

import time

from app import jobs
from app.core.shops import Shop
from app.services.bulk_metafields import Wait
from app.services.checkpoints import Checkpoint, carry_on
from app.services.push_profiles import Ports, sending


def take_back_profiles(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Wait = time.sleep) -> None:
    """Empty the profiles of everybody who was pushed, and of those who were erased since. Goes on where it stopped.

    Args:
        ports: those of the push, with the API of a connection that is being left.

    Raises:
        As `app.services.push_profiles.push_profiles`; what was taken back is on record.
    """
    pushed, erased = ports.pushes.all(shop.id), ports.due.waiting(shop.id, jobs.UNPUSH_DUE)
    if not pushed and not erased:
        return
    with sending(shop, ports, checkpoint, wait) as under_way:
        under_way.empty([ports.pushes.opened(shop.id, one) for one in erased])
        for one in erased:
            ports.due.done(shop.id, jobs.UNPUSH_DUE, one)
        under_way.withdraw(pushed)
