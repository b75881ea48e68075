"""`attune bench identity`: how well the rules tell who is one person, in a world whose truth is known.

Events go through the door's own parser and the same functions that read them in production; then pairs of visitors
(browsers) are compared with the truth. A pair is right where one person used both browsers, and the evidence had a
path for it where that person's own traces connect the two. Beside the rules stand the raw recall over all pairs, a
plain join of visitors by equal addresses and customer numbers, and everything that is connected at all.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Final

import click

from app.adapters.crypto import Sealer
from app.cli.bench.identity_world import Placed, Size, Told, World, build
from app.cli.bench.result import Target, conclude
from app.core.events import parse
from app.core.ids import ShopId
from app.core.profiles import identity_ties as said
from app.core.profiles.identity import Evidence, Member, Name, Named, Tie, gathered, sightings, tie
from app.core.profiles.stitching import stitch

SEED: Final = 20261103
BEGAN: Final = 490_000
"""The hour since 1970 in which the worlds begin."""
SHOP: Final = ShopId(1)
TARGETS: Final = [Target("precision", ">=", 0.99), Target("recall", ">=", 0.95)]

Pairs = set[tuple[str, str]]


@click.command()
@click.option("--seed", default=SEED, show_default=True, help="Of the world.")
@click.option("--people", default=Size().people, show_default=True, help="Visitors are four times as many.")
@click.option("--worlds", default=1, show_default=True, help="So many worlds, of the seed and those after it.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the measures as JSON."
)
def command(seed: int, people: int, worlds: int, json_file: Path | None) -> None:
    """How well browsers, addresses and customers are told to be one person, in a world whose truth is known."""
    size = Size(people=people, visitors=4 * people)
    found = [measured(number, size) for number in range(seed, seed + worlds)]
    worst = {target.measure: min(one[target.measure] for one in found) for target in TARGETS}
    met = conclude("identity", {**found[0], **worst, "worlds": float(worlds)}, TARGETS, json_file)
    sys.exit(0 if met else 1)


def measured(seed: int, size: Size) -> dict[str, float]:
    """Build the world, stitch it and grade it; prints what comes of it."""
    world = build(seed, size)
    began = time.perf_counter()
    traces = list(_traces(world))
    read_s = time.perf_counter() - began
    ties = gathered(one for trace in traces for one in trace.ties)
    began = time.perf_counter()
    members = stitch(ties)
    stitch_s = time.perf_counter() - began
    found = _found(ties, members)
    measures = _graded(world, traces, found) | {
        "events": float(len(world.told)),
        "ties": float(len(ties)),
        "read_s": read_s,
        "stitch_s": stitch_s,
        "ties_per_s": len(ties) / stitch_s,
    }
    _print(seed, world, measures)
    return measures


def _found(ties: Iterable[Tie], members: Mapping[Named, Member]) -> Pairs:
    """Pairs of visitors with events in one profile: all of a visitor's, or, on a shared device, those of some hours."""
    in_profile = {(name, member.profile) for name, member in members.items() if name.kind is Name.VISITOR}
    in_profile |= {(one.device, one.profile) for one in sightings(ties, members)}
    return _pairs_of(in_profile)


def _graded(world: World, traces: list[_Trace], found: Pairs) -> dict[str, float]:
    possible = _same_person(world.users.items())
    with_path = _with_path(traces) & possible
    joined, connected = _hash_join(traces), _pairs_of(_components(traces).items())
    right = found & possible
    return {
        "precision": len(right) / max(len(found), 1),
        "recall": len(found & with_path) / max(len(with_path), 1),
        "raw_recall": len(right) / max(len(possible), 1),
        "hash_join_precision": len(joined & possible) / max(len(joined), 1),
        "hash_join_recall": len(joined & with_path) / max(len(with_path), 1),
        "hash_join_raw_recall": len(joined & possible) / max(len(possible), 1),
        "connected_precision": len(connected & possible) / max(len(connected), 1),
        "connected_recall": len(connected & with_path) / max(len(with_path), 1),
        "pairs_possible": float(len(possible)),
        "pairs_with_path": float(len(with_path)),
        "pairs_found": float(len(found)),
    }


# -- what the shop is told, as ties ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Trace:
    """The ties of one thing that was told; `person` is the truth, None for what Shopify says by itself."""

    person: int | None
    ties: tuple[Tie, ...]


def _traces(world: World) -> Iterator[_Trace]:
    sealer = Sealer([b"k" * 32])

    def hashed(email: str) -> str:
        return sealer.email_hash(SHOP, email).hex()

    bought: dict[int, Told] = {}
    for told in world.told:
        yield _Trace(told.person, tuple(_ties(told, hashed)))
        if told.event["type"] == "purchase":
            bought[told.event["order_id"]] = told
    for order in world.orders:
        yield _Trace(order.person, tuple(_of_order(order, bought.get(order.number), world, hashed)))
    for customer, email in world.records.items():
        known = hashed(email) if email else None
        yield _Trace(None, tuple(said.of_customer(customer, known, _moment(0), opted_out=False)))
    emails = sorted({person.email for person in world.people if person.tells})
    exchanged = ((f"token-of-{email}".replace("@", "."), f"K-{email}", hashed(email), _moment(0)) for email in emails)
    yield _Trace(None, tuple(said.of_klaviyo(exchanged)))
    for kept, gone, hour in world.merges:
        yield _Trace(None, (tie(_customer(kept), _customer(gone), Evidence.MERGED, BEGAN + hour),))


def _ties(told: Told, hashed: Callable[[str], str]) -> Iterator[Tie]:
    event = told.event
    if event["type"] == "signed_in":
        # Only the app proxy says so, by Shopify's signature; no browser can.
        device = Named(Name.VISITOR, event["visitor"])
        yield tie(_customer(event["customer"]), device, Evidence.SIGNED_IN, BEGAN + told.hour)
        return
    yield from said.of_event(parse(event, now=_moment(told.hour), hash_email=hashed))


def _of_order(order: Placed, seen: Told | None, world: World, hashed: Callable[[str], str]) -> Iterator[Tie]:
    record = world.records.get(order.customer)
    facts = said.OrderFacts(
        customer=order.customer,
        email=hashed(order.email),
        at=_moment(order.hour),
        opted_out=False,
        record=hashed(record) if record else None,
        visitor=seen.event.get("visitor") if seen else None,
        client=seen.event.get("client_id") if seen else None,
        seen_at=_moment(order.hour),
    )
    yield from said.of_order(facts)
    payload = {"customer": {"id": order.customer}, "checkout_token": order.token}
    yield from said.of_tokens(payload, _moment(order.hour), email=facts.email, opted_out=False)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp((BEGAN + hour) * 3600 + 60, UTC)


def _customer(number: int) -> Named:
    return Named(Name.CUSTOMER, str(number))


# -- the truth, and the rivals ---------------------------------------------------------------------------------------


def _same_person(users: Iterable[tuple[str, set[int]]]) -> Pairs:
    """Pairs of visitors that one person used, whatever the shop could know."""
    by_person: defaultdict[int, set[str]] = defaultdict(set)
    for visitor, people in users:
        for person in people:
            by_person[person].add(visitor)
    return {pair for visitors in by_person.values() for pair in combinations(sorted(visitors), 2)}


def _with_path(traces: Iterable[_Trace]) -> Pairs:
    """Pairs of visitors that one person's own traces connect, with what Shopify and Klaviyo say of their names."""
    public = [one for trace in traces if trace.person is None for one in trace.ties]
    own: defaultdict[int, list[Tie]] = defaultdict(list)
    for trace in traces:
        if trace.person is not None:
            own[trace.person].extend(trace.ties)
    beside: defaultdict[Named, list[Tie]] = defaultdict(list)
    for one in public:
        beside[one.left].append(one)
        beside[one.right].append(one)
    pairs: Pairs = set()
    for ties in own.values():
        names = {name for one in ties for name in (one.left, one.right)}
        near = [one for name in names for one in beside.get(name, ())]
        further = [one for tied in near for name in (tied.left, tied.right) for one in beside.get(name, ())]
        pairs |= _pairs_of(_connected([*ties, *near, *further], only=names).items())
    return pairs


def _hash_join(traces: Iterable[_Trace]) -> Pairs:
    """Visitors that showed an equal address or customer number themselves."""
    by_value: defaultdict[Named, set[str]] = defaultdict(set)
    for trace in traces:
        for one in trace.ties:
            for name, other in ((one.left, one.right), (one.right, one.left)):
                if name.kind is Name.VISITOR and other.kind in (Name.EMAIL, Name.CUSTOMER):
                    by_value[other].add(name.id)
    return {pair for visitors in by_value.values() for pair in combinations(sorted(visitors), 2)}


def _components(traces: Iterable[_Trace]) -> dict[Named, str]:
    return _connected([one for trace in traces for one in trace.ties])


def _connected(ties: Iterable[Tie], *, only: set[Named] | None = None) -> dict[Named, str]:
    """The component of every visitor that a tie names."""
    root: dict[Named, Named] = {}

    def find(name: Named) -> Named:
        while (above := root.setdefault(name, name)) != name:
            root[name] = root[above]
            name = above
        return name

    for one in ties:
        root[find(one.left)] = find(one.right)
    return {
        name: f"{find(name).kind}:{find(name).id}"
        for name in list(root)
        if name.kind is Name.VISITOR and (only is None or name in only)
    }


def _pairs_of(groups: Iterable[tuple[Named, str]]) -> Pairs:
    """Pairs of visitors that have a group in common."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for name, group in groups:
        members[group].append(name.id)
    return {pair for ids in members.values() for pair in combinations(sorted(ids), 2)}


def _print(seed: int, world: World, measures: Mapping[str, float]) -> None:
    click.echo(
        f"world {seed}: {len(world.users):,} visitors, {len(world.people):,} people, {measures['ties']:,.0f} ties"
    )
    rows = (
        ("", "precision", "recall of pairs with a path", "of all pairs"),
        ("rules", measures["precision"], measures["recall"], measures["raw_recall"]),
        ("hash join", measures["hash_join_precision"], measures["hash_join_recall"], measures["hash_join_raw_recall"]),
        ("all that is connected", measures["connected_precision"], measures["connected_recall"], ""),
    )
    for row in rows:
        cells = (f"{cell:.4f}" if isinstance(cell, float) else cell for cell in row)
        click.echo("  {:<22}{:<12}{:<30}{}".format(*cells))
    click.echo(f"  read in {measures['read_s']:.1f} s, stitched in {measures['stitch_s']:.1f} s\n")
