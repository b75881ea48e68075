"""Mails as one shopper would get them: asked for by a page, made by a job, kept for an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.names import Arm, Trigger
    from app.core.email.triggers import Occasion
    from app.core.ids import CustomerId, ShopId


class PreviewState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    NONE = "none"
    """They would get no such mail; the complaint says why."""
    FAILED = "failed"
    """It could not be made; the complaint says what to do."""


@dataclass(frozen=True, slots=True)
class MailPreview:
    """One mail for one shopper. Nothing in it names them, but what it shows was chosen for them."""

    id: str
    customer: CustomerId
    mail: str
    """The key of `app.core.email.flows.plan.Mail`."""
    arm: Arm
    state: PreviewState = PreviewState.WAITING
    complaint: str = ""
    subject: str = ""
    sender: str = ""
    html: str = ""
    notes: Sequence[str] = ()
    """What to know when reading it, a sentence each."""


class MailPreviews(Protocol):
    def ask(self, shop: ShopId, preview: MailPreview, *, at: datetime) -> None:
        """Keep it as waiting; those older than an hour go."""

    def one(self, shop: ShopId, id: str, *, at: datetime) -> MailPreview | None:
        """None where there is none that is younger than an hour."""

    def answer(self, shop: ShopId, preview: MailPreview) -> None: ...

    def forget(self, shop: ShopId, *, at: datetime) -> int:
        """Delete those older than an hour; returns how many."""


class PreviewOccasions(Protocol):
    def newest(self, shop: ShopId, trigger: Trigger, customer: CustomerId, *, now: datetime) -> Occasion | None:
        """What the trigger's rule finds of the customer, however long ago; None where it finds nothing."""
