"""The arms of an e-mail experiment, as a list that the merchant takes to where their mails are sent.

A flow there splits by the profile property of the list. Only customers who accept e-mail marketing and have not opted
out are on it. Whoever is on a list that was handed out counts as exposed from then on, in the arm that it named: what
is done with the list nobody reports back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.errors import DomainError
from app.core.experiments.assign import arm_of
from app.core.experiments.types import ArmKey, Experiment, ExperimentId, Kind, Unit
from app.core.ids import CustomerId
from app.core.shops import Shop
from app.ports import Clock, EmailCustomers, ExperimentRegister
from app.services.run_experiment import NoSuchExperiment

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Ports:
    experiments: ExperimentRegister
    customers: EmailCustomers
    clock: Clock


def unit_of(customer: CustomerId) -> Unit:
    """Who is assigned in an e-mail experiment."""
    return Unit(f"c:{customer}")


def property_of(experiment: Experiment) -> str:
    """The name of the profile property that a flow splits by."""
    return f"attune_test_{experiment.id}"


def arms_list(shop: Shop, id: ExperimentId, ports: Ports) -> Iterator[str]:
    """The list as CSV, in pieces of whole lines: ``shopify_customer_id,attune_test_<id>``, by customer.

    A customer stands in the register before their line is handed out. Taken once more, the list names the same arms,
    and new customers besides; a customer's first list is the moment from which they count.

    Raises:
        DomainError: there is no such experiment, it is not about e-mail, or it does not run.
    """
    kept = ports.experiments.one(shop.id, id)
    if kept is None:
        raise NoSuchExperiment(f"there is no experiment {id} in this shop")
    experiment = kept.experiment
    if experiment.kind is not Kind.EMAIL:
        raise DomainError("only an e-mail experiment has a list of customers")
    if not experiment.is_running:
        raise DomainError("the list is there while the experiment runs")
    return _lines(shop, experiment, ports)


def _lines(shop: Shop, experiment: Experiment, ports: Ports) -> Iterator[str]:
    yield f"shopify_customer_id,{property_of(experiment)}\r\n"
    after = CustomerId(0)
    while found := ports.customers.accepting(shop.id, after=after, limit=BATCH):
        arms = _arms(experiment, found)
        ports.customers.expose(shop.id, experiment.id, arms, at=ports.clock.now())
        yield "".join(f"{customer},{arm}\r\n" for customer, arm in arms.items())
        after = found[-1]


def _arms(experiment: Experiment, customers: Sequence[CustomerId]) -> dict[CustomerId, ArmKey]:
    found = {customer: arm_of(experiment, unit_of(customer)) for customer in customers}
    return {customer: arm.key for customer, arm in found.items() if arm is not None}
