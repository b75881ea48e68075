"""An experiment's life: created, started, ramped, stopped, and spans of time left out of its figures.

One change at a time per shop, so that what may run beside what is decided on what really runs. Nothing is deleted: a
draft that is given up and an experiment that ended stay, with all that was done to them and by whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from app.core.errors import Busy, DomainError
from app.core.experiments.conflicts import Respect, require_no_clash, respects
from app.core.experiments.drafts import Around, draft
from app.core.experiments.rules import BadDraft, in_percent, plain, require_sound
from app.core.experiments.types import UNCHANGED, Arm, ArmKey, Experiment, ExperimentId, Kind, Status
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import NOBODY
from app.core.recommend.types import Rail
from app.core.shop_days import bounds
from app.core.shops import Shop
from app.ports import (
    ArtefactStore,
    Change,
    Claims,
    Clock,
    ExperimentRegister,
    KeptExperiment,
    Models,
    SteeringRegister,
    Window,
)
from app.services import review_experiments, set_steering
from app.services.review_experiments import review_experiment

CLAIM: Final = "experiments"
CLAIM_S: Final = 30.0
LONGEST_REASON: Final = 200
EVERYBODYS: Final = " Everybody gets it from then on."


class NoSuchExperiment(DomainError):
    """The shop has no experiment of this number."""


@dataclass(frozen=True, slots=True)
class Ports:
    experiments: ExperimentRegister
    models: Models
    artefacts: ArtefactStore
    claims: Claims
    clock: Clock
    steering: SteeringRegister

    @property
    def sliders(self) -> set_steering.Ports:
        return set_steering.Ports(self.steering, self.clock)


class Reads(Protocol):
    """The ports by which an experiment is read."""

    @property
    def experiments(self) -> ExperimentRegister: ...

    @property
    def clock(self) -> Clock: ...


@contextmanager
def alone(shop: Shop, claims: Claims) -> Iterator[None]:
    """Hold the shop's experiments for the block.

    Raises:
        Busy: somebody else is changing them.
    """
    with claims.hold(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy("somebody else is changing an experiment right now; try again in a moment")
        yield


def around(shop: Shop, ports: Ports) -> Around:
    """What a form is read against."""
    kept = [one.experiment for one in ports.experiments.all(shop.id)]
    others = [one for one in kept if one.status is not Status.STOPPED]
    return Around(others, tuple(ports.artefacts.versions(shop.id)))


def create_experiment(shop: Shop, fields: Mapping[str, str], *, by: str, salt: str, ports: Ports) -> ExperimentId:
    """Keep the form's experiment as a draft.

    Args:
        salt: random; it decides who is in which arm.

    Raises:
        DomainError: a field does not fit (`BadDraft`), or too few visitors are free.
    """
    with alone(shop, ports.claims):
        made = draft(fields, around(shop, ports), salt=salt)
        return ports.experiments.add(shop.id, made, Change(ports.clock.now(), by, "Created"))


def start_experiment(shop: Shop, id: ExperimentId, *, traffic: float, by: str, ports: Ports) -> None:
    """Let it run, with this part of the visitors that are kept for it.

    Raises:
        DomainError: it runs or has ended, another one decides the same, or there is no model for it.
    """
    with alone(shop, ports.claims):
        experiment = _one(shop, id, ports).experiment
        if experiment.status is Status.RUNNING:
            raise DomainError("this experiment is running already")
        if experiment.status is Status.STOPPED:
            raise DomainError("this experiment has ended; create a new one to test the same again")
        started = replace(experiment, status=Status.RUNNING, traffic=_share(traffic))
        require_sound(started)
        require_no_clash(started, ports.experiments.running(shop.id))
        _require_models(shop, started, ports)
        what = f"Started with {in_percent(traffic)} of its visitors"
        ports.experiments.replace(shop.id, started, Change(ports.clock.now(), by, what))


def ramp_experiment(shop: Shop, id: ExperimentId, *, traffic: float, by: str, ports: Ports) -> None:
    """Take in another part of the visitors; nobody who stays in changes arms.

    Raises:
        DomainError: it does not run, or takes in this part already.
    """
    with alone(shop, ports.claims):
        experiment = _running(shop, id, ports).experiment
        if _share(traffic) == experiment.traffic:
            raise DomainError(f"it takes in {in_percent(traffic)} of its visitors already")
        what = f"From {in_percent(experiment.traffic)} to {in_percent(traffic)} of its visitors"
        changed = replace(experiment, traffic=traffic)
        ports.experiments.replace(shop.id, changed, Change(ports.clock.now(), by, what))


def stop_experiment(shop: Shop, id: ExperimentId, *, choice: ArmKey | None, by: str, ports: Ports) -> str:
    """End it for good; returns the outcome that is kept: what was chosen, and what the figures said then.

    Everybody gets what was chosen from now on, as far as that can last; see `app.core.experiments.types.Treatment`.

    Args:
        choice: the arm that the merchant goes on with; None where nothing was decided.

    Raises:
        DomainError: it does not run.
    """
    with alone(shop, ports.claims):
        experiment = _running(shop, id, ports).experiment
        adopted = _adopted(experiment, choice)
        outcome = f"{_chosen(experiment, choice)} {said(shop, id, ports)}{EVERYBODYS if adopted else ''}"
        stopped = replace(experiment, status=Status.STOPPED, adopted=adopted)
        change = Change(ports.clock.now(), by, f"Stopped. {outcome}")
        steering = experiment.arm(adopted).treatment.steering if adopted else None
        if steering is not None:
            # Before the end is kept: after a kill in between, stopping it once more puts them there again.
            set_steering.adopt(shop, experiment, steering, by=by, ports=ports.sliders)
        ports.experiments.replace(shop.id, stopped, change, outcome=outcome)
        return outcome


def take_back(shop: Shop, id: ExperimentId, *, by: str, ports: Ports) -> None:
    """Give everybody again what was there before this experiment's winner.

    Raises:
        DomainError: nothing of it is in force.
    """
    with alone(shop, ports.claims):
        experiment = _one(shop, id, ports).experiment
        if experiment.adopted is None:
            raise DomainError("nothing of this experiment is in force, so there is nothing to take back")
        name = experiment.arm(experiment.adopted).name
        set_steering.give_up(shop, experiment, by=by, ports=ports.sliders)
        change = Change(ports.clock.now(), by, f"Taken back: nobody gets “{name}” by this experiment any more")
        ports.experiments.replace(shop.id, replace(experiment, adopted=None), change)


def discard_draft(shop: Shop, id: ExperimentId, *, by: str, ports: Ports) -> None:
    """Give up an experiment that never ran; the visitors that were kept for it are free again.

    Raises:
        DomainError: it runs or has run.
    """
    with alone(shop, ports.claims):
        experiment = _one(shop, id, ports).experiment
        if experiment.status is not Status.DRAFT:
            raise DomainError("only an experiment that never ran can be given up; stop this one instead")
        given_up = replace(experiment, status=Status.STOPPED)
        ports.experiments.replace(
            shop.id, given_up, Change(ports.clock.now(), by, "Given up"), outcome="Never started."
        )


def exclude_days(
    shop: Shop, id: ExperimentId, *, first: date, last: date, reason: str, zone: ZoneInfo, by: str, ports: Ports
) -> None:
    """Leave whole days of the shop, both included, out of the figures; the next reading does.

    Days to come are not left out: what will be broken on them nobody knows, and a mistyped year would hide everything.

    Raises:
        DomainError: there is no reason, or the days are not in the experiment's time.
    """
    because = plain(reason, "reason", "the reason", LONGEST_REASON)
    if last < first:
        raise BadDraft("the last day is before the first one", "last")
    with alone(shop, ports.claims):
        kept, now = _one(shop, id, ports), ports.clock.now()
        if kept.started_at is None:
            raise DomainError("this experiment has not started, so there is nothing to leave out")
        began, ended = (at.astimezone(zone).date() for at in (kept.started_at, kept.stopped_at or now))
        if last < began or first > ended:
            raise BadDraft("the experiment did not run on these days", "first")
        if last > now.astimezone(zone).date():
            raise BadDraft("these days are not over yet", "last")
        since, until = bounds(max(first, began), zone)[0], bounds(last, zone)[1]
        what = f"Left out {first:%-d %b %Y} to {last:%-d %b %Y}: {because}"
        ports.experiments.exclude(shop.id, id, Window(since, until, because, by, now), Change(now, by, what))


def said(shop: Shop, id: ExperimentId, ports: Reads) -> str:
    """What the page says of it at this moment."""
    review = review_experiment(shop, id, review_experiments.Ports(ports.experiments, ports.clock))
    return review.verdict.decision.sentence if review and review.verdict else "Nothing was counted."


def _one(shop: Shop, id: ExperimentId, ports: Ports) -> KeptExperiment:
    kept = ports.experiments.one(shop.id, id)
    if kept is None:
        raise NoSuchExperiment(f"there is no experiment {id} in this shop")
    return kept


def _running(shop: Shop, id: ExperimentId, ports: Ports) -> KeptExperiment:
    kept = _one(shop, id, ports)
    if kept.experiment.kind is Kind.HOLD_OUT:
        raise DomainError("the hold-out is permanent; change its share instead")
    if kept.experiment.status is Status.DRAFT:
        raise DomainError("this experiment has not started")
    if kept.experiment.status is Status.STOPPED:
        raise DomainError("this experiment has ended already")
    return kept


def _share(traffic: float) -> float:
    if not 0 < traffic <= 1:
        raise BadDraft("give a percentage from 1 to 100", "traffic")
    return traffic


def _require_models(shop: Shop, experiment: Experiment, ports: Ports) -> None:
    """What orders products needs something that has learnt to, and in every version what is tested."""
    if Respect.ORDER not in respects(experiment):
        return
    current = ports.models.current(shop.id)
    if current is None:
        raise DomainError("nothing has been learnt yet, so no ranking can be tested; see the set-up")
    there = set(ports.artefacts.versions(shop.id))
    for arm in experiment.arms:
        version = arm.treatment.model_version
        if version is not None and version not in there:
            raise DomainError(
                f"model {version} of version “{arm.name}” is not kept any more; create the experiment anew"
            )
    arranged = [arm for arm in experiment.arms if arm.treatment.strategy or arm.treatment.trend is not None]
    if arranged:
        served = ServedModel.of(ItemModel.of(current, *ports.artefacts.read(shop.id, current)))
        for arm in arranged:
            _require_learnt(arm, experiment.rails, served)


def _require_learnt(arm: Arm, rails: Iterable[Rail], served: ServedModel) -> None:
    """Otherwise its visitors would see what everybody sees, and weeks later the figures would say: no difference."""
    wanted = arm.treatment
    for rail in rails:
        if served.arranged(rail, NOBODY, first=wanted.strategy, trend=wanted.trend).missed:
            raise DomainError(
                f"the model in use has not learnt enough for “{arm.name}”, so this version would not differ from what "
                "everybody sees; “What was learnt” tells why"
            )


def _chosen(experiment: Experiment, choice: ArmKey | None) -> str:
    if choice is None:
        return "Nothing was chosen."
    try:
        return f"Chosen: “{experiment.arm(choice).name}”."
    except KeyError:
        raise BadDraft("choose one of the experiment’s versions", "choice") from None


def _adopted(experiment: Experiment, choice: ArmKey | None) -> ArmKey | None:
    """The chosen arm, where something of it can be everybody's."""
    return next((arm.key for arm in experiment.arms if arm.key == choice and arm.treatment.lasting != UNCHANGED), None)
