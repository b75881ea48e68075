"""Products for customers' mails: the storefront's cascade, asked by workers for many, each decision on record.

Whoever may not be sent marketing e-mail gets nothing; whoever does not want to be known gets what sells. Nothing that
cannot be bought now is picked, nor what the shopper has hidden or ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.email.picked import MailAsk, Picked
from app.core.experiments.assign import DEFAULT_VARIANT, Experiments
from app.core.experiments.types import UNCHANGED, Treatment
from app.core.ids import CustomerId, ModelVersion, ProductId, new_request_id
from app.core.profiles.consent import Purpose, allowed
from app.core.recommend.cascade import recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.past_orders import products_of
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.types import Rail, Ranking, Strategy
from app.core.shops import Shop
from app.ports import ArtefactStore, Clock, Decision, ExperimentRegister, FreshStore, Lake, Models
from app.ports.push import MailGoods, MailPeople, MailPerson, MailShelf

TOGETHER: Final = 500
PLACEMENT: Final = "email"


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


@dataclass(frozen=True, slots=True)
class Choice:
    """What was picked, and the decision that is to be put on record; None where nothing was picked."""

    picked: Picked
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The shop's products and model at one moment, from which any number of asks are answered."""

    goods: MailGoods
    served: ServedModel | None
    mask: npt.NDArray[np.bool_] | None
    adopted: Mapping[Rail, Treatment]
    clock: Clock

    def choose(self, ask: MailAsk, person: MailPerson | None) -> Choice:
        if person is None or self.served is None or not allowed(Purpose.EMAIL, person.consent):
            return Choice(Picked(ask.customer, new_request_id(), Strategy.NONE, ()), None)
        ranking = self._rank(ask, person, self.served)
        picked = Picked(ask.customer, new_request_id(), ranking.strategy, ())
        if not ranking.items:
            return Choice(picked, None)
        shown = tuple(
            [
                replace(self.goods.items[one.product_id], reason=reason_text(one.reason, self.goods.titles))
                for one in ranking.items
            ]
        )
        picked = replace(picked, items=shown)
        return Choice(picked, self._decision(ask, picked, ranking))

    def _rank(self, ask: MailAsk, person: MailPerson, served: ServedModel) -> Ranking:
        shopper = self._shopper(person)
        shown = (*ask.without, *person.hidden)
        context = Question(ask.rail, ask.product, ask.cart, ask.limit, shown).for_shopper(shopper)
        adopted = self.adopted.get(ask.rail, UNCHANGED)
        sources = served.arranged(ask.rail, shopper, first=adopted.strategy, trend=adopted.trend).sources
        kinds = self.goods.kinds

        def may_be_shown(product: ProductId) -> bool:
            return product in self.goods.items and (
                not person.hidden_kinds or kinds.get(product) not in person.hidden_kinds
            )

        return recommend(replace(context, mask=self.mask), sources, may_be_shown, model_version=served.version)

    def _shopper(self, person: MailPerson) -> Shopper:
        if not person.orders or not allowed(Purpose.PERSONALISE, person.consent):
            return NOBODY
        today = int(self.clock.now().timestamp() // 86_400)
        return Shopper(bought=products_of(person.orders), orders=person.orders, today=today)

    def _decision(self, ask: MailAsk, picked: Picked, ranking: Ranking) -> Decision:
        items: list[Mapping[str, Any]] = [
            {
                "product_id": one.product_id,
                "position": position,
                "score": one.score,
                "reason": one.reason.code,
                "propensity": 1.0,
            }
            for position, one in enumerate(ranking.items)
        ]
        return Decision(
            request_id=picked.request_id,
            at=self.clock.now(),
            placement=PLACEMENT,
            rail=ask.rail,
            product_id=ask.product,
            visitor=None,
            strategy=ranking.strategy,
            variant=DEFAULT_VARIANT,
            model_version=ranking.model_version,
            items=items,
            failed=len(ranking.failed),
        )


def desk_of(shop: Shop, ports: PickPorts) -> Desk:
    """Read products and model once, for as many asks as follow.

    Raises:
        Permanent: the model's artefact is damaged.
    """
    goods, version = ports.shelf.goods(shop), ports.models.current(shop.id)
    adopted = Experiments.of(ports.experiments.in_force(shop.id)).adopted
    if version is None:
        return Desk(goods, None, None, adopted, ports.clock)
    served = _served(shop, version, ports)
    mask = np.fromiter((item in goods.items for item in served.model.item_ids.tolist()), dtype=np.bool_)
    return Desk(goods, served, mask, adopted, ports.clock)


def pick(shop: Shop, asks: Iterable[MailAsk], ports: PickPorts) -> Iterator[Picked]:
    """Answer the asks in their order; what is yielded is on record.

    Raises:
        Retryable: the lake takes no decisions now.
        Permanent: the model's artefact is damaged.
    """
    desk, rest = desk_of(shop, ports), iter(asks)
    while some := list(islice(rest, TOGETHER)):
        people = ports.people.of(shop.id, [ask.customer for ask in some])
        choices = [desk.choose(ask, people.get(ask.customer)) for ask in some]
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
