"""Read back what became of mails: ask Klaviyo for the events of its own metrics, and take them in as an import does.

Klaviyo dates events and lets some come late, so each question reaches five minutes behind what was read last; what
comes twice is known by its id. An account that is connected by OAuth also pushes them; either way they end in the same
place once. https://developers.klaviyo.com/en/reference/get_events
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.klaviyo import METRICS
from app.errors import KlaviyoRefused
from app.ports import Clock
from app.ports.engagement import EngagementHooks, EngagementMarks, Hook, Mark
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis, KlaviyoConnections, KlaviyoMetric, LinkKind
from app.ports.sources import SourceFile
from app.ports.work import Json
from app.services import import_source as importing
from app.services.import_source import import_source

OVERLAP: Final = timedelta(minutes=5)
BEGIN: Final = timedelta(days=30)
"""How far back the first question reaches."""
MOST_PAGES: Final = 10
"""Of one metric in one go; the next go continues there."""
BY: Final = "Klaviyo"
TOPICS: Final = tuple(
    f"event:klaviyo.{name}"
    for name in (
        "received_email",
        "opened_email",
        "clicked_email",
        "bounced_email",
        "marked_email_as_spam",
        "unsubscribed_from_email_marketing",
    )
)


@dataclass(frozen=True, slots=True)
class Ports:
    connections: KlaviyoConnections
    apis: KlaviyoApis
    marks: EngagementMarks
    hooks: EngagementHooks
    importing: importing.Ports
    file_of: Callable[[str, Sequence[Json]], SourceFile]
    clock: Clock
    app_url: str


@dataclass(frozen=True, slots=True)
class Read:
    """How many events came, by metric; which metrics have more waiting, and which were refused and why."""

    events: Mapping[str, int] = field(default_factory=dict)
    more: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)


def read_engagement(shop: Shop, ports: Ports) -> Read:
    """Ask for what is new of each metric.

    Raises:
        Busy: another file of Klaviyo is being taken in.
        Retryable, KlaviyoDisconnected: what was read before stays; the next go continues there.
    """
    connection = ports.connections.of(shop.id)
    if connection is None or not connection.works:
        return Read()
    api, marks = ports.apis.of(shop), ports.marks.all(shop.id)
    if connection.kind is LinkKind.OAUTH:
        _keep_hooked(shop, api, ports)
    events: dict[str, int] = {}
    more, refused = set(), {}
    for metric in _wanted(api.metrics()):
        try:
            events[metric.name], has_more = _read(shop, api, metric, marks.get(metric.name), ports)
        except KlaviyoRefused as error:
            refused[metric.name] = f"Klaviyo refused the question ({error.code or error.status})."
            _note(shop, metric, marks.get(metric.name), ports, trouble=refused[metric.name])
            continue
        if has_more:
            more.add(metric.name)
    return Read(events, frozenset(more), refused)


def _wanted(metrics: Sequence[KlaviyoMetric]) -> list[KlaviyoMetric]:
    """Klaviyo's own; a merchant's event may have the same name."""
    return [one for one in metrics if one.integration.lower() == "klaviyo" and one.name.strip().lower() in METRICS]


def _read(shop: Shop, api: KlaviyoApi, metric: KlaviyoMetric, mark: Mark | None, ports: Ports) -> tuple[int, bool]:
    since = (mark.read_until if mark else ports.clock.now() - BEGIN) - OVERLAP
    pages: list[Json] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = api.events(metric.id, since=since, cursor=cursor)
        pages.append(page.page)
        cursor = page.cursor
        if cursor is None:
            break
    moments = [at for page in pages for at in map(_moment, _events(page)) if at is not None]
    if moments:
        import_source(shop, Source.KLAVIYO, ports.file_of(metric.name, pages), by=BY, ports=ports.importing)
    _note(shop, metric, mark, ports, until=min(max(moments), ports.clock.now()) if moments else None)
    return len(moments), cursor is not None


def _note(
    shop: Shop,
    metric: KlaviyoMetric,
    mark: Mark | None,
    ports: Ports,
    *,
    until: datetime | None = None,
    trouble: str = "",
) -> None:
    now = ports.clock.now()
    reached = until or (mark.read_until if mark else now - BEGIN)
    ports.marks.put(shop.id, Mark(metric.name, reached, now, trouble))


def _keep_hooked(shop: Shop, api: KlaviyoApi, ports: Ports) -> None:
    """Have Klaviyo push as well; where it refuses, asking goes on all the same."""
    if ports.hooks.of(shop.id) is not None or not ports.app_url.startswith("https://"):
        return
    secret = secrets.token_urlsafe(32)
    try:
        made = api.create_webhook("Attune", f"{ports.app_url}/klaviyo/webhooks/{shop.id}", secret, TOPICS)
    except KlaviyoRefused:
        return
    ports.hooks.put(shop.id, Hook(made, secret.encode()), at=ports.clock.now())


def _events(page: Json) -> list[Mapping[str, Any]]:
    data = page.get("data")
    return [one for one in data if isinstance(one, Mapping)] if isinstance(data, list) else []


def _moment(event: Mapping[str, Any]) -> datetime | None:
    attributes = event.get("attributes")
    try:
        at = datetime.fromisoformat(str(attributes["datetime"])) if isinstance(attributes, Mapping) else None
    except (KeyError, ValueError):
        return None
    return at if at is not None and at.tzinfo is not None else None
