"""Who is in which arm: computed from a salted hash of the unit, so that nothing has to be stored or looked up.

A unit has one slot in each layer, which says in which of the layer's experiments it may be, and in each experiment a
slot of its own, which says in which arm. The two are hashed with different salts: ramping an experiment up takes new
units in and moves nobody from one arm to another, and the arms' proportions stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import accumulate

from app.core.experiments.types import SLOTS, UNCHANGED, Arm, ArmKey, Experiment, Kind, Show, Status, Treatment, Unit
from app.core.ids import ModelVersion
from app.core.recommend.steering import Steering
from app.core.recommend.types import Rail

DEFAULT_VARIANT = "default"
"""What a decision records where no experiment touched it."""
BOTH = Arm(ArmKey("both"), "Both", 1)
"""The arm of everybody in an interleaving experiment."""


@dataclass(frozen=True, slots=True)
class Assigned:
    experiment: Experiment
    arm: Arm

    def __str__(self) -> str:
        return f"{self.experiment.id}:{self.arm.key}"

    @property
    def look(self) -> str:
        """As a page names it. A control that shows something else than before is another look in every arm alike:
        otherwise the pages that do not know yet would count in the arm that has not changed, and in that one alone.
        """
        shown = self.experiment.control.treatment.show
        return f"{self}:{shown}" if shown is Show.NATIVE else str(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the experiments make of one rail for one unit."""

    treatment: Treatment = UNCHANGED
    assigned: tuple[Assigned, ...] = ()
    """Those of the unit's arms that this rail is measured for, in the order of the experiments' numbers."""
    interleaved: tuple[Treatment, Treatment] | None = None
    """The two rankings that share the rail: of the interleaving experiment's first and of its second arm."""
    stale: bool = False
    """The page was painted for other arms than these, or for none: what it looks like is not measured this time."""

    @property
    def fetches(self) -> bool:
        """Whether the rail must fetch its cards, because those of the page may not be what is ranked.

        In every arm of an experiment alike: a card that is fetched comes later than one that is there.
        """
        return self.treatment.ranks or any(one.experiment.ranks for one in self.assigned)

    @property
    def variant(self) -> str:
        """What the decision records: ``<experiment>:<arm>``, with commas between several."""
        return ",".join(map(str, self.assigned)) or DEFAULT_VARIANT

    @property
    def look(self) -> str:
        """What a page that was painted so says of itself; see `Experiments.plan`."""
        return _looks(self.assigned)


def _looks(assigned: Iterable[Assigned]) -> str:
    return ",".join([one.look for one in assigned]) or DEFAULT_VARIANT


NO_PLAN = Plan()


def slot(salt: str, unit: Unit) -> int:
    """The unit's slot, 0 to SLOTS - 1; uniform over units for each salt, and independent between salts."""
    return int.from_bytes(blake2b(f"{salt}:{unit}".encode(), digest_size=8).digest(), "big") % SLOTS


def arm_of(experiment: Experiment, unit: Unit) -> Arm | None:
    """The unit's arm, or None where it takes no part; whether the experiment runs is not asked here."""
    width = round((experiment.slot_to - experiment.slot_from) * experiment.traffic)
    place = slot(f"layer:{experiment.layer}", unit) - experiment.slot_from
    if not 0 <= place < width:
        return None
    bounds = list(accumulate(arm.weight for arm in experiment.arms))
    chosen = slot(experiment.salt, unit) * bounds[-1]
    return next(arm for arm, bound in zip(experiment.arms, bounds, strict=True) if chosen < bound * SLOTS)


@dataclass(frozen=True, slots=True)
class Experiments:
    """A shop's running experiments, put together once for all requests."""

    running: tuple[Experiment, ...] = ()
    by_rail: Mapping[Rail, tuple[Experiment, ...]] = field(default_factory=dict)
    unread: bool = False
    """They could not be read: everybody is answered as without any, and nobody is told to be in none."""
    adopted: Mapping[Rail, Treatment] = field(default_factory=dict)
    """What everybody has got since experiments ended; what runs changes it further."""
    showings: frozenset[Rail] = frozenset()
    """Rails for which it must be known what a shopper was shown before."""
    sliders: frozenset[str] = frozenset()
    """The sliders that are above 0 for anybody, on any rail."""

    @classmethod
    def of(cls, experiments: Iterable[Experiment], steering: Mapping[Rail, Steering] | None = None) -> Experiments:
        """Keep those that change rails and run, the hold-out first; and of those that ended what was adopted.

        Args:
            steering: what the merchant has set the rails' sliders to; what an experiment's arm sets goes before it.
        """
        experiments = tuple(experiments)
        running = [one for one in experiments if one.is_running and one.kind is not Kind.EMAIL]
        running.sort(key=lambda one: (one.kind is not Kind.HOLD_OUT, one.id))
        rails = {rail: tuple(one for one in running if rail in one.rails) for rail in Rail}
        adopted = _adopted(experiments, steering or {})
        steered = [arm.treatment.steering for one in running for arm in one.arms]
        steered += [treatment.steering for treatment in adopted.values()]
        return cls(
            tuple(running),
            {rail: found for rail, found in rails.items() if found},
            adopted=adopted,
            showings=frozenset(rail for rail in Rail if _reads_showings(rail, rails[rail], adopted)),
            sliders=frozenset(slider for one in steered if one is not None for slider in one.moved),
        )

    @property
    def versions(self) -> frozenset[ModelVersion]:
        """The model versions that an arm asks for by name."""
        treatments = [arm.treatment for one in self.running for arm in one.arms]
        return frozenset(one.model_version for one in treatments if one.model_version is not None)

    def differ(self, first: Unit, second: Unit) -> bool:
        """Whether the two are not in the same arm of some experiment: then being one person is a conflict."""
        return any(arm_of(one, first) is not arm_of(one, second) for one in self.running)

    def plan(self, rail: Rail, unit: Unit | None, *, page: str | None = None) -> Plan:
        """What the rail is for this unit. Nobody without consent, and so without an id, is in any experiment.

        Args:
            page: by which arms the page was painted: the `Plan.look` that `painted` told on an earlier page; None where
                the page knew nothing. Experiments whose arms look different count only where the page agrees, in every
                arm alike: otherwise the arm that looks as usual would count visitors that the other one does not.
                Where it does not agree the page shows its own cards and reports nothing, so that nothing is tried.
        """
        base = self.adopted.get(rail, UNCHANGED)
        if unit is None or not (touching := self.by_rail.get(rail)):
            return NO_PLAN if base is UNCHANGED else Plan(base)
        planned = _assigned(touching, unit)
        seen = [one for one in planned if one.experiment.is_seen]
        if not seen and page in (None, DEFAULT_VARIANT):
            return _plan(planned, rail, base)
        if page is not None and _looks(seen) == _seen_part(page, touching):
            return _plan(planned, rail, base)
        return Plan(stale=True)

    def painted(self, unit: Unit) -> Mapping[Rail, Plan]:
        """How the rails look for this unit, for pages that are yet to be painted; only rails that experiments touch."""
        rails = dict.fromkeys((*self.by_rail, *self.adopted))
        return {
            rail: _plan(_assigned(self.by_rail.get(rail, ()), unit), rail, self.adopted.get(rail, UNCHANGED))
            for rail in rails
        }


UNREAD_EXPERIMENTS = Experiments(unread=True)


def _assigned(touching: Iterable[Experiment], unit: Unit) -> list[Assigned]:
    """The unit's arms. Whoever is held out takes part in nothing else."""
    found: list[Assigned] = []
    for experiment in touching:
        arm = arm_of(experiment, unit)
        if arm is None:
            continue
        if experiment.kind is Kind.HOLD_OUT and arm is experiment.control:
            return [Assigned(experiment, arm)]
        found.append(Assigned(experiment, BOTH if experiment.kind is Kind.INTERLEAVING else arm))
    return sorted(found, key=lambda one: one.experiment.id)


def _seen_part(page: str, touching: Iterable[Experiment]) -> str:
    """Of what the page says, the experiments that look different and still run."""
    seen = {str(one.id) for one in touching if one.is_seen}
    return ",".join(part for part in page.split(",") if part.partition(":")[0] in seen) or DEFAULT_VARIANT


def _adopted(experiments: Iterable[Experiment], steering: Mapping[Rail, Steering]) -> Mapping[Rail, Treatment]:
    """What lasts of ended experiments; of two that set the same thing the later one counts.

    Sliders are not among it: those of a winner are kept as the rail's own, which the merchant may move further.
    """
    found = {rail: Treatment(steering=one) for rail, one in steering.items() if one.moved}
    for one in sorted(experiments, key=lambda one: one.id):
        if one.status is Status.STOPPED and one.adopted is not None:
            lasting = replace(one.arm(one.adopted).treatment.lasting, steering=None)
            found |= {rail: _over(found.get(rail, UNCHANGED), lasting) for rail in one.rails}
    return {rail: treatment for rail, treatment in found.items() if treatment != UNCHANGED}


def _reads_showings(rail: Rail, running: Iterable[Experiment], adopted: Mapping[Rail, Treatment]) -> bool:
    """Whether any arm of the rail, or what everybody has got, sinks what a shopper keeps ignoring."""
    treatments = [arm.treatment for one in running for arm in one.arms] + [adopted.get(rail, UNCHANGED)]
    return any(one.steering is not None and one.steering.impressions > 0.0 for one in treatments)


def _plan(assigned: Iterable[Assigned], rail: Rail, base: Treatment) -> Plan:
    assigned = tuple(assigned)
    treatment, interleaved = base, None
    for one in assigned:
        if one.arm is BOTH:
            first, second = one.experiment.arms
            interleaved = (_over(base, first.treatment), _over(base, second.treatment))
        else:
            treatment = _over(treatment, shown_on(one.arm.treatment, rail))
    return Plan(treatment, assigned, interleaved)


def shown_on(treatment: Treatment, rail: Rail) -> Treatment:
    """Shopify recommends beside a product only; elsewhere its list's place stays empty."""
    if treatment.show is Show.NATIVE and rail not in NATIVE_RAILS:
        return Treatment(show=Show.EMPTY)
    return treatment


NATIVE_RAILS = frozenset({Rail.BOUGHT_TOGETHER, Rail.ALSO_VIEWED, Rail.COMPLETE_THE_LOOK})


def _over(first: Treatment, then: Treatment) -> Treatment:
    """Both treatments; experiments that run at once on a rail don't set the same thing (`conflicts`)."""
    if first == UNCHANGED:
        return then
    values = {
        name: getattr(then, name) if getattr(then, name) != getattr(UNCHANGED, name) else getattr(first, name)
        for name in Treatment.__slots__
    }
    return Treatment(**values)
