"""Interleaving: two rankings share one rail, and the clicks of each visit say whose products were liked better.

Both are seen by the same shopper at the same moment, so that a preference shows with far fewer visits than between two
groups of shoppers. It says nothing of revenue: a ranking may be clicked more and sell less.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, count

from app.core.experiments import beta
from app.core.experiments.reading import Preference
from app.core.ids import ProductId
from app.core.recommend.types import Candidate

PRIOR = 1.0
"""Wins of each side that are counted before any visit: Beta(1, 1), under which every share of wins is as likely."""


class Team(StrEnum):
    """Whose turn brought a product into the rail."""

    FIRST = "a"
    SECOND = "b"


@dataclass(frozen=True, slots=True)
class Drafted:
    """One place of the shared rail; `team` is None where one ranking had nothing left to answer with."""

    candidate: Candidate
    team: Team | None


def team_draft(
    first: Sequence[Candidate], second: Sequence[Candidate], limit: int, coin: Callable[[], bool]
) -> list[Drafted]:
    """Merge two rankings as two captains choose their teams: round by round, and a coin says who chooses first.

    Each side puts its best product that is not there yet. The coin is what makes a product that both rank alike count
    for either side as often. Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?",
    CIKM 2008, section 3.2. Their merging ends with the shorter ranking; a rail shall be full, so the longer one goes
    on, but what it adds alone belongs to nobody: else it would win by being longer.

    Args:
        first, second: what may be shown, best first.
        coin: True when the first side begins the round.

    Returns:
        At most `limit` places, no product twice.
    """
    taken: set[ProductId] = set()
    turns = {Team.FIRST: _left(first, taken), Team.SECOND: _left(second, taken)}
    drafted: list[Drafted] = []
    while len(drafted) < limit:
        order = (Team.FIRST, Team.SECOND) if coin() else (Team.SECOND, Team.FIRST)
        for team in order[: limit - len(drafted)]:
            chosen = next(turns[team], None)
            if chosen is None:
                fair = len(drafted) - (team is order[1])
                alone = [Drafted(one.candidate, None) for one in drafted[fair:]]
                return [*drafted[:fair], *alone, *_unopposed(turns, limit - len(drafted))]
            taken.add(chosen.product_id)
            drafted.append(Drafted(chosen, team))
    return drafted


def credit(clicks: Iterable[Team | None]) -> Team | None:
    """Who won a visit: the side of which more products were clicked; None when both had as many, or nobody any."""
    counted = Counter(clicks)
    difference = counted[Team.FIRST] - counted[Team.SECOND]
    if difference == 0:
        return None
    return Team.FIRST if difference > 0 else Team.SECOND


def preference_of(visits: Iterable[Iterable[Team | None]], visitors: Iterable[int] | None = None) -> Preference:
    """Count the winners of visits, each given by the teams of the products clicked in it.

    A visit without a click on either side's products says nothing and is not counted; one with as many is a tie.

    Args:
        visitors: whose each visit was; each another one's where it is not given.
    """
    every = zip(count() if visitors is None else visitors, map(list, visits), strict=False)
    winners = [(visitor, credit(clicks)) for visitor, clicks in every if any(clicks)]
    counted = Counter(winner for _, winner in winners)
    return Preference(counted[Team.FIRST], counted[Team.SECOND], counted[None], _spread(winners))


def _spread(winners: Iterable[tuple[int, Team | None]]) -> float:
    """The variance of a visit's win (1) or loss (-1) around their mean, with visits of one visitor summed first."""
    won = [(visitor, 1 if winner is Team.SECOND else -1) for visitor, winner in winners if winner is not None]
    if not won:
        return 1.0
    mean = sum(win for _, win in won) / len(won)
    of_visitor: defaultdict[int, float] = defaultdict(float)
    for visitor, win in won:
        of_visitor[visitor] += win - mean
    return max(sum(amount**2 for amount in of_visitor.values()) / len(won), 1.0)


@dataclass(frozen=True, slots=True)
class Liking:
    """What the counted visits say of the second side."""

    share: float
    """Of visits with a winner, the part that the second side wins: the posterior's mean."""
    low: float
    high: float
    """Of its 95 % interval."""
    chance: float
    """That the second side wins more than half of them."""
    ties: float
    """The part of all counted visits that were ties; 0 without any."""


def wins(counted: Preference) -> tuple[float, float]:
    """The parameters of the posterior Beta of the second side's share of wins."""
    return PRIOR + counted.second / counted.spread, PRIOR + counted.first / counted.spread


def liking(counted: Preference) -> Liking:
    """The posterior of how often the second side wins, under the prior Beta(1, 1).

    Ties say which side is better as little as a coin does: they are told beside it, and change neither the chance nor
    the share, which is that among visits with a winner. Visits that go together count for as many fewer.

    Raises:
        ValueError: a count is negative.
    """
    if min(counted.first, counted.second, counted.ties) < 0:
        raise ValueError("visits are counted from 0")
    a, b = wins(counted)
    visits = counted.first + counted.second + counted.ties
    return Liking(
        share=a / (a + b),
        low=beta.quantile(0.025, a, b),
        high=beta.quantile(0.975, a, b),
        chance=1.0 - beta.cdf(0.5, a, b),
        ties=counted.ties / visits if visits else 0.0,
    )


def _left(ranking: Sequence[Candidate], taken: set[ProductId]) -> Iterator[Candidate]:
    """What is not in the rail yet at the moment when it is asked for."""
    return (one for one in ranking if one.product_id not in taken)


def _unopposed(turns: dict[Team, Iterator[Candidate]], places: int) -> list[Drafted]:
    """The rest of whichever ranking has one."""
    added: dict[ProductId, Drafted] = {}
    for one in chain(*turns.values()):
        if len(added) == places:
            break
        added.setdefault(one.product_id, Drafted(one, None))
    return list(added.values())
