"""Products for customers' mails, for whoever asks: chosen by `choose_for_mail`, each decision on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from app.core.email.picked import MailAsk, Picked
from app.core.experiments.assign import Experiments
from app.core.ids import CustomerId, ModelVersion
from app.core.profiles.consent import Purpose, allowed
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.shops import Shop
from app.ports import ArtefactStore, Clock, ExperimentRegister, FreshStore, Lake, Models
from app.ports.push import MailPeople, MailPerson, MailShelf, RankMany
from app.services.choose_for_mail import Choice, Desk

__all__ = ["TOGETHER", "Choice", "Desk", "PickPorts", "allowed_by", "desk_of", "pick", "record"]

TOGETHER: Final = 500


@dataclass(frozen=True, slots=True)
class PickPorts:
    shelf: MailShelf
    people: MailPeople
    models: Models
    artefacts: ArtefactStore
    fresh: FreshStore
    experiments: ExperimentRegister
    lake: Lake
    clock: Clock
    many: RankMany


def desk_of(shop: Shop, ports: PickPorts) -> Desk:
    """Read products and model once, for as many asks as follow.

    Raises:
        Permanent: the model's artefact is damaged.
    """
    goods, version = ports.shelf.goods(shop), ports.models.current(shop.id)
    adopted = Experiments.of(ports.experiments.in_force(shop.id)).adopted
    if version is None:
        return Desk(goods, None, None, adopted, ports.clock, ports.many)
    served = _served(shop, version, ports)
    mask = np.fromiter((item in goods.items for item in served.model.item_ids.tolist()), dtype=np.bool_)
    return Desk(goods, served, mask, adopted, ports.clock, ports.many)


def pick(shop: Shop, asks: Iterable[MailAsk], ports: PickPorts) -> Iterator[Picked]:
    """Answer the asks in their order; what is yielded is on record.

    Raises:
        Retryable: the lake takes no decisions now.
        Permanent: the model's artefact is damaged.
    """
    desk, rest = desk_of(shop, ports), iter(asks)
    while some := list(islice(rest, TOGETHER)):
        choices = desk.choose_many(some, ports.people.of(shop.id, [ask.customer for ask in some]))
        record(shop, choices, ports)
        yield from (one.picked for one in choices)


def record(shop: Shop, choices: Sequence[Choice], ports: PickPorts) -> None:
    """Put the decisions on record at once."""
    decisions = [one.decision for one in choices if one.decision is not None]
    if decisions:
        with ports.lake.turn(shop.id) as turn:
            turn.append((), decisions)


def allowed_by(people: Mapping[CustomerId, MailPerson], customer: CustomerId) -> bool:
    """Whether mails may be made for the customer."""
    person = people.get(customer)
    return person is not None and bool(person.address) and allowed(Purpose.EMAIL, person.consent)


def _served(shop: Shop, version: ModelVersion, ports: PickPorts) -> ServedModel:
    model = ItemModel.of(version, *ports.artefacts.read(shop.id, version))
    return ServedModel.of(model, ports.fresh.get(shop.id, version))
