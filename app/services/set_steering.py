"""Move the sliders of a rail, or take a move back; who did it and when is kept with every version.

Web processes notice within a second. An experiment's arm goes before what stands here, and what a merchant chooses at
an experiment's end is written here, so that there is one place that says how a rail is steered.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import DomainError
from app.core.experiments.types import Experiment
from app.core.recommend.steering import OFF, SHOWS_NEW, STEERED, Steering
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import Clock, KeptSteering, SteeringRegister

KEPT = 20
"""So many versions of a rail can be gone back to."""


@dataclass(frozen=True, slots=True)
class Ports:
    register: SteeringRegister
    clock: Clock


def set_steering(shop: Shop, rail: Rail, wanted: Steering, *, by: str, seen: int, ports: Ports) -> bool:
    """Steer the rail so from now on; returns whether anything has been moved.

    Args:
        seen: the version that whoever decided this had before them, 0 where there was none.

    Raises:
        DomainError: the rail has no such slider, its facts are not known, or somebody else was faster.
    """
    _require_usable(rail, wanted)
    return _put(shop, rail, wanted, by=by, seen=seen, why="", ports=ports)


def take_back(shop: Shop, rail: Rail, to: int, *, by: str, seen: int, ports: Ports) -> bool:
    """Steer the rail again as that version of it did; 0 is before the first one, with all sliders off.

    Raises:
        DomainError: there is no such version, or somebody else was faster.
    """
    earlier = {one.version: one.steering for one in ports.register.history(shop.id, rail, limit=KEPT)} | {0: OFF}
    if to not in earlier:
        raise DomainError("this version is not kept any more; set the sliders by hand")
    return _put(shop, rail, earlier[to], by=by, seen=seen, why="Taken back", ports=ports)


def adopt(shop: Shop, experiment: Experiment, steering: Steering, *, by: str, ports: Ports) -> None:
    """Make a winner's sliders everybody's, on the rails of its experiment."""
    standing = ports.register.in_force(shop.id)
    why = f"Chosen at the end of “{experiment.name}”"
    for rail in experiment.rails:
        now = standing.get(rail)
        if now is None or (now.steering, now.experiment) != (steering, experiment.id):
            new = KeptSteering(0, rail, steering, ports.clock.now(), by, why, experiment.id)
            ports.register.keep(shop.id, new, instead_of=now.version if now else 0)


def give_up(shop: Shop, experiment: Experiment, *, by: str, ports: Ports) -> None:
    """Steer rails as before the experiment's winner, where its sliders have not been moved since."""
    for rail, now in ports.register.in_force(shop.id).items():
        if now.experiment != experiment.id:
            continue
        before = [one for one in ports.register.history(shop.id, rail, limit=KEPT) if one.experiment != experiment.id]
        steering = before[0].steering if before else OFF
        new = KeptSteering(0, rail, steering, ports.clock.now(), by, f"“{experiment.name}” was taken back")
        ports.register.keep(shop.id, new, instead_of=now.version)


def _put(shop: Shop, rail: Rail, wanted: Steering, *, by: str, seen: int, why: str, ports: Ports) -> bool:
    now = ports.register.in_force(shop.id).get(rail)
    if wanted == (now.steering if now else OFF):
        return False
    ports.register.keep(shop.id, KeptSteering(0, rail, wanted, ports.clock.now(), by, why), instead_of=seen)
    return True


def _require_usable(rail: Rail, wanted: Steering) -> None:
    if rail not in STEERED:
        raise DomainError("this rail is put together of different kinds already, and has no sliders")
    if wanted.margin:
        raise DomainError("what your products cost you is not known here, so rails cannot prefer what earns more")
    if wanted.new_products and rail not in SHOWS_NEW:
        raise DomainError("this rail says what it holds, so it cannot hold products of which nothing is known yet")
