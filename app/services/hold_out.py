"""The permanent hold-out: a few visitors see the store without Attune, beside an equal slice of the others.

It is made when the first model is published, so that from the first personal card on there is something to compare
with. The merchant may change how many are held out, and what they see instead.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from app.core.errors import DomainError
from app.core.experiments.rules import BadDraft, in_percent
from app.core.experiments.types import (
    CONTROL,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Metric,
    Show,
    Status,
    Treatment,
)
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import Change, Claims, Clock, ExperimentRegister, KeptExperiment, Window
from app.services.run_experiment import alone, said

LAYER = "hold-out"
ATTUNE = ArmKey("attune")
MOST_HELD_OUT = 0.5
"""With the equal slice beside it that is everybody."""
BY_ATTUNE = "Attune"


@dataclass(frozen=True, slots=True)
class Ports:
    experiments: ExperimentRegister
    claims: Claims
    clock: Clock


def ensure_hold_out(shop: Shop, *, share: float, ports: Ports) -> ExperimentId | None:
    """Make the shop's hold-out if it has none, and see to it that it covers every rail that there is.

    Args:
        share: the part of all visitors who are held out; 0 makes none.

    Returns:
        The number of the new one; None where there is one already, or none is wanted.

    Raises:
        Busy: somebody is changing an experiment; the next publication asks again.
    """
    if not share:
        return None
    with alone(shop, ports.claims):
        kept = hold_out(shop, ports.experiments)
        if kept is not None:
            _cover_all_rails(shop, kept.experiment, ports)
            return None
        what = f"Created: {in_percent(share)} of visitors see the store without Attune, for as long as it is in use"
        made = _hold_out(share, salt=secrets.token_hex(8))
        return ports.experiments.add(shop.id, made, Change(ports.clock.now(), BY_ATTUNE, what))


def _cover_all_rails(shop: Shop, experiment: Experiment, ports: Ports) -> None:
    """A rail that came with a newer version of Attune is held out like the others."""
    if experiment.rails != tuple(Rail):
        change = Change(ports.clock.now(), BY_ATTUNE, "Covers the rails that are new in this version")
        ports.experiments.replace(shop.id, replace(experiment, rails=tuple(Rail)), change)


def hold_out(shop: Shop, experiments: ExperimentRegister) -> KeptExperiment | None:
    """The shop's hold-out, if there is one."""
    return next((one for one in experiments.all(shop.id) if one.experiment.kind is Kind.HOLD_OUT), None)


def share_of(experiment: Experiment) -> float:
    """The part of all visitors who are held out now."""
    return experiment.traffic / 2


def change_hold_out(shop: Shop, *, share: float, show: Show, by: str, ports: Ports) -> None:
    """Hold out another part of the visitors, or show them something else. Nobody who stays in changes arms.

    Another control is another comparison, and whoever is not held out any more sees Attune from then on but would
    still count as one who does not: after such a change what was counted before is left out of the figures. What they
    said until then is written down.

    Args:
        share: 0 to 0.5; with 0 nobody is held out, and nothing is measured.

    Raises:
        DomainError: there is no hold-out yet, or nothing would change.
    """
    if not 0 <= share <= MOST_HELD_OUT:
        raise BadDraft(
            f"at most {in_percent(MOST_HELD_OUT)} of visitors can be held out: as many are compared with them", "share"
        )
    if show is Show.OURS:
        raise BadDraft("choose what stands in the rails’ place", "show")
    with alone(shop, ports.claims):
        kept, now = hold_out(shop, ports.experiments), ports.clock.now()
        if kept is None:
            raise DomainError("there is no hold-out yet; it is made when the first model is in use")
        before = kept.experiment
        changed = replace(before, traffic=2 * share, arms=_arms(show))
        if changed == before:
            raise DomainError("that is how it is already")
        window, what = None, _told(before, changed)
        reason = _breaks(before, changed)
        if reason and kept.started_at is not None:
            window = Window(kept.started_at, now, reason, by, now)
            what = f"{what}. What was counted before is left out. Until then: {said(shop, before.id, ports)}"
        ports.experiments.replace(shop.id, changed, Change(now, by, what), window=window)


def _hold_out(share: float, *, salt: str) -> Experiment:
    return Experiment(
        id=ExperimentId(0),
        name="With Attune and without",
        kind=Kind.HOLD_OUT,
        status=Status.RUNNING,
        layer=LAYER,
        salt=salt,
        arms=_arms(Show.EMPTY),
        rails=tuple(Rail),
        traffic=2 * share,
        primary=Metric.REVENUE_PER_VISITOR,
    )


def _arms(show: Show) -> tuple[Arm, ...]:
    return Arm(CONTROL, "Without Attune", 1, Treatment(show=show)), Arm(ATTUNE, "With Attune", 1)


def _told(before: Experiment, now: Experiment) -> str:
    found = []
    if before.traffic != now.traffic:
        found.append(f"From {in_percent(share_of(before))} to {in_percent(share_of(now))} of visitors held out")
    if before.arms != now.arms:
        seen = "nothing" if now.control.treatment.show is Show.EMPTY else "Shopify’s own recommendations"
        found.append(f"They see {seen} in the rails’ places")
    return ". ".join(found)


def _breaks(before: Experiment, now: Experiment) -> str:
    """Why what was counted before cannot be added to what comes; empty where it can."""
    if before.arms != now.arms:
        return "The control saw something else until then"
    if now.traffic < before.traffic:
        return "Some of those who were held out until then see Attune now"
    return ""
