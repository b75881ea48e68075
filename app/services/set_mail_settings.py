"""Switch mails on and off, as the merchant's page of e-mails does."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.core.email.names import Trigger
from app.core.email.offers import OfferTerms
from app.core.email.settings import MailSettings
from app.core.shops import Shop
from app.ports import Clock
from app.ports.mail import MailSettingsStore


@dataclass(frozen=True, slots=True)
class Ports:
    settings: MailSettingsStore
    clock: Clock


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form as it was sent; None leaves what is."""

    push: bool | None = None
    triggers: Iterable[Trigger] | None = None
    hold_out: float | None = None
    offer: OfferTerms | None = None
    care: str | None = None


def set_mail_settings(shop: Shop, wanted: Wanted, *, by: str, ports: Ports) -> MailSettings:
    """Save what was changed. A trigger that was on stays on since then; the salt of the hold-out is made once.

    Raises:
        BadMailSetting: something is out of bounds; nothing is saved.
    """
    now, salt = ports.clock.now(), secrets.token_hex(8)
    given = {
        name: value for name in ("push", "hold_out", "offer", "care") if (value := getattr(wanted, name)) is not None
    }

    def changed(before: MailSettings) -> MailSettings:
        after = replace(before, salt=before.salt or salt, **given)
        if wanted.triggers is not None:
            after = replace(after, triggers={one: before.triggers.get(one, now) for one in wanted.triggers})
        return after.checked()

    return ports.settings.change(shop.id, changed, by=by, at=now)
