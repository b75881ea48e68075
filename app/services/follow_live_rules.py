"""Bring shoppers into segments, and out of them, the moment they do something that a live rule counts.

It runs behind the folding of events, a batch at a time: who of the batch is a known customer is looked up, what they
did today is added up over all their browsers, and each live rule is judged in plain Python. The nightly count judges
all of it again. What can't be done now is lost only until the shopper's next step or that count: nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app import jobs
from app.core.events import Event
from app.core.ids import ShopId, VisitorId
from app.core.profiles.consent import OwnSwitches, Purpose, allowed, captured
from app.core.segments.evaluate import holds, values_of
from app.core.segments.live import deed_of, needs_records
from app.core.segments.past import Deed, Past, Scale
from app.core.segments.rules import Rule, measures
from app.core.shop_days import bounds, zone_of
from app.ports import Clock, DueWork, Jobs, LivePreferences
from app.ports.live_rules import Browser, Deeds, Followed, FollowsRules, Judged, LiveRules
from app.ports.segments import SegmentId


@dataclass(frozen=True, slots=True)
class Ports:
    rules: FollowsRules
    deeds: Deeds
    preferences: LivePreferences
    due: DueWork
    jobs: Jobs
    clock: Clock


def follow_live_rules(records: Iterable[tuple[ShopId, object]], ports: Ports) -> int:
    """Judge the live rules of everybody who did something; how many memberships changed.

    Raises:
        Retryable: the deeds can't be kept now; following everything again later is harmless.
    """
    events: dict[ShopId, list[Event]] = {}
    for shop, record in records:
        if isinstance(record, Event) and deed_of(record) is not None:
            events.setdefault(shop, []).append(record)
    return sum(_follow(shop, batch, ports) for shop, batch in events.items())


def _follow(shop: ShopId, events: Sequence[Event], ports: Ports) -> int:
    live = ports.rules.rules(shop)
    if not live.rules:
        return 0
    willing = list(_willing(shop, events, ports))
    ports.deeds.add(shop, willing)
    found = ports.rules.profiles(shop, {name for event in willing for name in names(event)})
    profiles = [one for one in found if allowed(Purpose.LEARN, one.consent)]
    if not profiles:
        return 0
    now = ports.clock.now()
    judged = _judged(shop, live, profiles, now, ports)
    came, went = ports.rules.keep(shop, judged, at=now) if judged else ((), ())
    ports.deeds.show(shop, _shown(willing, profiles, judged))
    if any(one.segment in live.told for one in came):
        ports.due.put(shop, jobs.FLOW_DUE)
        ports.jobs.enqueue(jobs.TELL_FLOW, shop)
    return len(came) + len(went)


def names(event: Event) -> list[Browser]:
    return [(kind, id) for kind, id in (("visitor", event.visitor), ("client", event.client)) if id]


def _willing(shop: ShopId, events: Sequence[Event], ports: Ports) -> Iterator[Event]:
    """The events of those who let themselves be remembered and learnt from."""
    switches = ports.preferences.switches(shop, [name for event in events for name in names(event)])
    for event in events:
        own = [switches.get(name) or OwnSwitches() for name in names(event)]
        consents = [captured(event.consent, one) for one in own]
        if all(allowed(purpose, one) for one in consents for purpose in (Purpose.STORE_BEHAVIOUR, Purpose.LEARN)):
            yield event


def _judged(shop: ShopId, live: LiveRules, profiles: Sequence[Followed], now: datetime, ports: Ports) -> list[Judged]:
    """What each rule says of each profile, where that changes a membership."""
    deeds = ports.deeds.of(shop, {name for one in profiles for name in one.browsers})
    wants = any(map(needs_records, live.rules.values()))
    pasts = ports.rules.records(shop, profiles) if wants else {}
    scale = _scale(live, now)
    found = []
    for one in profiles:
        past = replace(pasts.get(one.profile, Past()), deeds=_today(one, deeds, scale))
        outcomes = (_judge(segment, rule, one, past, scale) for segment, rule in live.rules.items())
        found += [outcome for outcome in outcomes if outcome.inside is not (outcome.segment in one.segments)]
    return found


def _scale(live: LiveRules, now: datetime) -> Scale:
    zone = zone_of(live.timezone)
    today, _ = bounds(now.astimezone(zone).date(), zone)
    return Scale(int(now.timestamp()), int(today.timestamp()), live.usual_s, live.cuts, live.chosen)


def _today(one: Followed, deeds: Mapping[Browser, Mapping[str, Deed]], scale: Scale) -> tuple[Deed, ...]:
    """What was done today on any of the browsers; what two of them report counts once."""
    all_deeds = {id: deed for name in one.browsers for id, deed in deeds.get(name, {}).items()}
    return tuple(deed for deed in all_deeds.values() if deed.at_s >= scale.today_s)


def _judge(segment: SegmentId, rule: Rule, one: Followed, past: Past, scale: Scale) -> Judged:
    values = values_of(rule, past, scale)
    why = [values[measure] for measure in measures(rule)]
    return Judged(segment, one.profile, holds(rule, values, scale.now_s), why)


def _shown(
    events: Sequence[Event], profiles: Sequence[Followed], judged: Sequence[Judged]
) -> Mapping[VisitorId, set[SegmentId]]:
    """The segments of the batch's visitors, as they are now."""
    said = {(one.profile, one.segment): one.inside for one in judged}
    present = {event.visitor for event in events if event.visitor}
    found: dict[VisitorId, set[SegmentId]] = {}
    for one in profiles:
        now = {segment for segment in one.segments if said.get((one.profile, segment), True)}
        now |= {segment for (profile, segment), inside in said.items() if profile == one.profile and inside}
        found |= {VisitorId(id): now for kind, id in one.browsers if kind == "visitor" and id in present}
    return found
