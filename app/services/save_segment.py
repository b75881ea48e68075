"""Keep a merchant's segment: its name and rule are checked against the store, and said in a sentence; or rename it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core import money
from app.core.errors import DomainError
from app.core.segments.check import check, named
from app.core.segments.rules import Rule, Selection
from app.core.segments.words import Wording, sentence
from app.core.shops import Shop
from app.ports import Clock, Jobs
from app.ports.segments import SegmentCatalogue, SegmentId, SegmentRegister

LONGEST_NAME: Final = 80


class BadName(DomainError):
    """A segment cannot be called so."""


@dataclass(frozen=True, slots=True)
class Ports:
    register: SegmentRegister
    catalogue: SegmentCatalogue
    jobs: Jobs
    clock: Clock


def wording_of(shop: Shop, catalogue: SegmentCatalogue, *rules: Rule) -> Wording:
    """How the shop's own things are said in these rules; what is gone is called by its key."""
    titles = catalogue.titles(shop.id, {one for rule in rules for one in named(rule)})
    currency = catalogue.currency(shop.id)

    def name(selection: Selection) -> str:
        return titles.get(selection, selection.key)

    return Wording(name, lambda amount: money.written(amount, currency))


def checked(shop: Shop, rule: Rule, catalogue: SegmentCatalogue) -> None:
    """Raises BadRule where the rule names what the store does not have."""
    check(rule, catalogue.titles(shop.id, named(rule)).keys())


def save_segment(shop: Shop, name: str, rule: Rule, *, by: str, ports: Ports) -> SegmentId:
    """Keep a new segment and ask for its first count.

    Raises:
        BadName: the name is empty, too long or taken.
        BadRule: the rule names what the store does not have.
    """
    called = _named(name)
    checked(shop, rule, ports.catalogue)
    words = sentence(rule, wording_of(shop, ports.catalogue, rule))
    id = ports.register.save(shop.id, called, rule, words, at=ports.clock.now(), by=by)
    ports.jobs.enqueue(jobs.SEGMENT_CUSTOMERS, shop.id)
    return id


def rename_segment(shop: Shop, id: SegmentId, name: str, ports: Ports) -> None:
    """Raises BadName, and DomainError for one that is built in."""
    ports.register.rename(shop.id, id, _named(name))


def _named(name: str) -> str:
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME:
        raise BadName(f"give it a name of {LONGEST_NAME} characters at most")
    return called
