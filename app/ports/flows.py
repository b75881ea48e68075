"""What is kept of the flows and templates that were made in Klaviyo, and how the merchant wants mails to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.look import Look
    from app.core.ids import ShopId


@dataclass(frozen=True, slots=True)
class MadeFlow:
    """One flow as it was last seen; `flow` is Klaviyo's id, empty until it is made."""

    key: str
    flow: str = ""
    status: str = ""
    """Klaviyo's: draft, manual or live."""
    complaint: str = ""
    """Why it could not be made, and what to do."""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MadeTemplate:
    """One template; `digest` is of what Klaviyo showed right after we wrote it."""

    key: str
    template: str
    version: str
    digest: str
    edited: bool = False
    """Whether the merchant changed it since; then it is theirs, and we leave it alone."""


class MadeFlows(Protocol):
    def flows(self, shop: ShopId) -> Mapping[str, MadeFlow]: ...

    def put_flow(self, shop: ShopId, flow: MadeFlow) -> None: ...

    def templates(self, shop: ShopId) -> Mapping[str, MadeTemplate]: ...

    def put_template(self, shop: ShopId, template: MadeTemplate) -> None: ...


class MailLooks(Protocol):
    def of(self, shop: ShopId) -> Look: ...

    def put(self, shop: ShopId, look: Look) -> None: ...
