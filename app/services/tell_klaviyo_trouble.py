"""Note for the merchant what of the work for Klaviyo did not go through, and forget it once it does.

A failure goes on to whoever tries the work again; here it only gets its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from app.core.ids import ShopId
from app.errors import KlaviyoDisconnected, KlaviyoRefused, KlaviyoTrouble, Permanent, Retryable
from app.ports import Clock
from app.ports.klaviyo_troubles import KlaviyoTroubles, KlaviyoWork

UNFINISHED: Final = "It could not be finished."
OUR_FAULT: Final = (
    "Klaviyo does not take what Attune wants to send. This is a fault of Attune’s; please tell its support."
)
NOT_GRANTED: Final = "Klaviyo does not let Attune do this ({reason}). See below what is not granted, and connect again."


@dataclass(frozen=True, slots=True)
class Ports:
    troubles: KlaviyoTroubles
    clock: Clock


@contextmanager
def telling(shop: ShopId, work: KlaviyoWork, ports: Ports) -> Iterator[None]:
    """Around one piece of work; what it raises is raised on.

    A connection that is dead is no trouble of this work: it is told of with the connection.
    """
    try:
        yield
    except KlaviyoDisconnected:
        raise
    except (Retryable, Permanent) as error:
        ports.troubles.note(shop, work, in_words(error), at=ports.clock.now(), again=isinstance(error, Retryable))
        raise
    ports.troubles.over(shop, work)


def in_words(error: Exception) -> str:
    """What the merchant reads. Only Klaviyo's own words, which come masked, and ours are repeated."""
    if isinstance(error, KlaviyoTrouble):
        return error.plain
    if isinstance(error, KlaviyoRefused) and error.status == 403:
        return NOT_GRANTED.format(reason=str(error).rstrip("."))
    if isinstance(error, KlaviyoRefused):
        return f"Klaviyo refused it: {error}"
    return UNFINISHED if isinstance(error, Retryable) else OUR_FAULT
