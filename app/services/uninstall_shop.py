"""The app was uninstalled: the token is dead already, so ours and all pending work go at once; data wait for
``shop/redact``.

The webhook may come several times and up to a day late. One that was triggered before the present installation is
about an earlier one, and is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.ids import ShopId
from app.ports import Clock, Installations, Jobs

TOLERANCE = timedelta(seconds=1)
"""Clocks of two machines are compared; an uninstall wrongly taken for a present one is healed by the next visit."""


@dataclass(frozen=True, slots=True)
class Ports:
    installations: Installations
    jobs: Jobs
    clock: Clock


def uninstall_shop(shop: ShopId, triggered_at: datetime | None, ports: Ports) -> bool:
    """Forget token and pending work; returns False for a webhook about an earlier installation."""
    profile = ports.installations.profile(shop)
    installed_at = profile.installed_at if profile else None
    if installed_at and triggered_at and triggered_at < installed_at - TOLERANCE:
        return False
    ports.installations.uninstall(shop, at=ports.clock.now())
    ports.jobs.forget(shop)
    return True
