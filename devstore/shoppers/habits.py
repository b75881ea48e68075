"""How simulated people go about a store: every number of the shopper program, in one place.

They describe plausible behaviour; none was chosen so that a target of ours is met. They are frozen with the worlds:
whoever changes one later shows what the figures were before and after.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares are of people unless said otherwise; times in seconds at pace 1."""

    accept: float = 0.62
    """Allow everything on the consent banner."""
    decline: float = 0.24
    """Decline; whoever does neither leaves the banner standing, which allows nothing."""
    second_device: float = 0.35
    """Own two browsers, which share nothing but the account."""
    on_second: float = 0.4
    """Share of visits that those make with the second one."""
    sign_in: float = 0.3
    """Share of visits in which somebody with an account signs in."""
    without_script: float = 0.01
    """Browsers that run no JavaScript: they see what Liquid has drawn, and report nothing."""

    declared_bots: float = 0.05
    """Crawlers that say so in their user agent."""
    hidden_bots: float = 0.02
    """Scrapers that look like a browser, run its scripts and allow everything."""
    bot_pages: int = 25
    bot_pause_s: float = 1.0

    from_home: float = 0.45
    from_collection: float = 0.2
    from_search: float = 0.1
    """Where visits begin; the rest land on the page of a product that they wish for."""
    pages: float = 6.0
    """Mean number of pages that a visit looks at before the cart."""
    think_s: float = 14.0
    """Mean time on a page (exponential)."""
    away_s: float = 120.0
    """Mean time between two visits (exponential)."""

    look_first: float = 0.95
    """Chance to look at the first card of a row; every further card is looked at with this chance, given the last."""
    look_next: float = 0.86
    shelves_looked_at: float = 0.8
    """Chance to look at a further row of the page, given the last; rows are taken in an order drawn at random, so that
    rival rails are compared at the same place of the page."""
    click: float = 0.04
    """Chance to click on a card of average attraction that is looked at."""
    interest: float = 0.5
    """How much of a product's attraction, as a logit, its card conveys; the rest is learnt on its page."""
    mood: float = 0.1
    """Share of visits in which somebody is ready to buy at all; most people only look."""
    completion: float = 0.45
    """Share of carts that are bought. What is put into carts is set so that orders agree with the world's truth."""
    complement_logit: float = 1.5
    """By how much a product that goes with the cart attracts more, as a logit."""


HABITS = Habits()
