"""The answer to "what would another strategy have earned on this rail?", and how it is said to a merchant.

It is an estimate from a log, and words come with it: where the log can't tell, the answer says so instead of a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.experiments.influence import Estimate
from app.core.experiments.off_policy import WORDS, Estimates
from app.core.experiments.replay import LeftOut
from app.core.experiments.words import money
from app.core.recommend.types import Rail, Strategy

PER: Final = 1000
"""Figures are told per so many answers of the rail."""
UNEXPLORED: Final = "Nothing was explored{when}, so this can't be told; start an experiment with exploration."
UNSEEN: Final = "Nobody has had explored cards in view{when}, so this can't be told yet."
EMPTY: Final = "There are no answers that could be compared{when}, so this can't be told."
NO_OVERLAP: Final = (
    "What “{strategy}” would show never stood in its place{when}, so this can't be told; explore more, or let the two "
    "run against each other."
)
NO_CLICKS: Final = (
    "No card that “{strategy}” would have shown, too, was clicked{when}, so this can't be told yet; explore for longer."
)
ONE_BROWSER: Final = "Only one visitor was answered with exploration{when}, so this can't be told yet."
NOTES: Final = (
    "An answer is one time that a visitor who allowed analytics had the rail in view, or at least one card of it.",
    "What was shown includes what was drawn at random for the sake of knowing.",
    "The list of the other strategy is that of today's model and stock, for the product that was looked at; what the "
    "visitor did before, the cart and the page's other rails are not part of it.",
    "Whether a card is clicked is taken to depend on the product, its place and the page, not on the cards beside it.",
    "Revenue is that of the clicked cards' own products, net of refunds as of now; some would have been bought anyway.",
)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a strategy would have earned; the estimates are of one place, and None where nothing can be told."""

    rail: Rail
    strategy: Strategy
    days: int
    answers: int
    """That could be used."""
    places: float
    """Places an answer, on average."""
    left_out: Mapping[LeftOut, int]
    currency: str
    clicks: Estimates | None = None
    revenue: Estimates | None = None
    refusal: str = ""
    """Why nothing can be told, where that is so."""

    @property
    def sentence(self) -> str:
        """The answer in one or two sentences."""
        if self.clicks is None:
            when = f" on the rail “{named(self.rail)}” in the last {self.days} days"
            return self.refusal.format(when=when, strategy=named(self.strategy))
        best, logged, gain = self._figures(self.clicks)
        opening = (
            f"“{named(self.strategy)}” would have earned {best.value:.1f} clicks per {PER:,} answers on the rail "
            f"“{named(self.rail)}” (95 % interval {best.low:.1f} to {best.high:.1f}); what was shown earned "
            f"{logged.value:.1f}."
        )
        between = f"{_signed(gain.low)} to {_signed(gain.high)}"
        difference = f"The difference is {_signed(gain.value)} ({between}), {self._sureness(gain)}."
        return " ".join(filter(None, (opening, difference, self._money())))

    def _figures(self, found: Estimates) -> tuple[Estimate, Estimate, Estimate]:
        """The best estimate, what was shown, and their difference."""
        best, logged, gain = map(self.per_thousand, (found.best, found.logged, found.gain))
        return best, logged, gain

    def _sureness(self, gain: Estimate) -> str:
        if self.clicks is not None and self.clicks.warnings:
            return "and the log knows too little to rely on it"
        return "more than chance explains" if gain.low > 0.0 or gain.high < 0.0 else "which may be chance"

    def _money(self) -> str:
        if self.revenue is None:
            return ""
        best, logged, _ = self._figures(self.revenue)
        told = [money(value, self.currency) for value in (best.value, best.low, best.high, logged.value)]
        return f"Revenue after those clicks: {told[0]} ({told[1]} to {told[2]}), against {told[3]}."

    @property
    def cautions(self) -> Sequence[str]:
        """Why the figures should not be relied on, a sentence each."""
        if self.clicks is None:
            return ()
        found = [f"Take care: {WORDS[warning]}." for warning in self.clicks.warnings]
        if self.revenue is not None and (more := set(self.revenue.warnings) - set(self.clicks.warnings)):
            found += [f"Take care, of the revenue: {WORDS[warning]}." for warning in sorted(more)]
        return found

    def per_thousand(self, one: Estimate) -> Estimate:
        """An estimate of a place as one of a thousand answers."""
        scale = PER * self.places
        return Estimate(one.value * scale, one.low * scale, one.high * scale, one.standard_error * scale)

    def rows(self) -> Sequence[tuple[str, str, Estimate | None]]:
        """``what, how it was reckoned, per 1,000 answers``, clicks first; revenue is in minor units."""
        kinds = (("clicks", self.clicks), ("revenue", self.revenue))
        return [
            (what, how, self.per_thousand(one) if one else None)
            for what, found in kinds
            if found is not None
            for how, one in _by_estimator(found)
        ]


def written(what: str, amount: float, currency: str) -> str:
    """A figure of the table: clicks, or money from minor units."""
    return f"{amount:,.1f}" if what == "clicks" else money(amount, currency)


def named(one: Rail | Strategy) -> str:
    """As people read it."""
    return one.replace("_", " ")


def _by_estimator(found: Estimates) -> Sequence[tuple[str, Estimate | None]]:
    return (
        ("what was shown", found.logged),
        ("IPS", found.ips),
        ("SNIPS", found.snips),
        ("doubly robust", found.dr),
        ("difference", found.gain),
    )


def _signed(value: float) -> str:
    text = f"{abs(value):.1f}"
    return text if float(text) == 0.0 else f"{'+' if value > 0 else '−'}{text}"
