"""Many asked about at once get what each would get alone, and nothing that they may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.cli.bench.train_shop import draw
from app.core.email.picked import MailAsk
from app.core.experiments.types import Treatment
from app.core.ids import CustomerId
from app.core.recommend.blend import Blend
from app.core.recommend.blended import Blends
from app.core.recommend.models.blending import fit
from app.core.recommend.models.ranked import purchases_of
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.tasks import Task
from app.core.recommend.types import Rail, Strategy
from app.ports.push import MailPerson
from app.services.choose_for_mail import LEAST_TOGETHER, Choice, Desk
from app.services.pick_for_mail import desk_of
from tests.klaviyo_push.conftest import House, Pushed

SENSIBLE = 0.7
"""Of the products that are shown to one alone: fewer candidates are ranked where many are asked about."""


@pytest.fixture(scope="module")
def blend(house: House) -> Blend:
    """Learnt from a drawn shop of as many products; the small world has too few orders for one to pass its exam."""
    items = _model(desk_of(house.shop, house.wiring.picking)).item_ids
    material = draw(3000, products=len(items), shoppers=200)
    return fit(replace(purchases_of(material.orders), items=items), Task.TIME, facts=material.facts)


@pytest.fixture
def desk(pushed: Pushed, blend: Blend) -> Desk:
    """Of a shop whose model ranks for customers."""
    plain = desk_of(pushed.shop, pushed.wiring.picking)
    model = replace(_model(plain), blends=Blends(bought=blend), for_you=Strategy.RANKED)
    return replace(plain, served=ServedModel.of(model))


@pytest.fixture
def people(pushed: Pushed) -> dict[CustomerId, MailPerson]:
    """Those who have bought, enough of them to be asked about at once."""
    found = pushed.wiring.picking.people.of(pushed.shop.id, pushed.people)
    known = {number: person for number, person in found.items() if person.orders}
    assert len(known) >= LEAST_TOGETHER
    return known


def _model(desk: Desk) -> ItemModel:
    assert desk.served is not None
    return desk.served.model


def shown(choice: Choice) -> list[int]:
    return [item.product_id for item in choice.picked.items]


def both(
    desk: Desk, people: dict[CustomerId, MailPerson], asks: Sequence[MailAsk]
) -> tuple[list[Choice], list[Choice]]:
    return desk.choose_many(asks, people), [desk.choose(ask, people[ask.customer]) for ask in asks]


def test_asked_together_they_get_much_the_same_for_the_same_reasons(
    desk: Desk, people: dict[CustomerId, MailPerson]
) -> None:
    together, alone = both(desk, people, [MailAsk(number) for number in people])
    assert [one.picked.strategy for one in together] == [one.picked.strategy for one in alone]
    assert Strategy.RANKED in {one.picked.strategy for one in together}
    pairs = list(zip(together, alone, strict=True))
    same = sum(len({*shown(a)} & {*shown(b)}) for a, b in pairs)
    assert same >= SENSIBLE * sum(len(shown(b)) for _, b in pairs)
    for a, b in pairs:
        assert len(shown(a)) == len(shown(b))
        assert all(item.reason for item in a.picked.items)
        reasons = {item.product_id: item.reason for item in b.picked.items}
        assert all(item.reason == reasons.get(item.product_id, item.reason) for item in a.picked.items)


def test_only_what_can_be_bought_is_shown_and_each_decision_is_what_was_shown(
    desk: Desk, people: dict[CustomerId, MailPerson]
) -> None:
    found = desk.choose_many([MailAsk(number) for number in people], people)
    assert {product for one in found for product in shown(one)} <= desk.goods.items.keys()
    for one in found:
        assert one.decision is not None
        assert one.decision.request_id == one.picked.request_id
        assert [item["product_id"] for item in one.decision.items] == shown(one)
    assert len({one.picked.request_id for one in found}) == len(found)


def test_what_a_shopper_hid_is_left_out_and_the_rail_is_full_all_the_same(
    desk: Desk, people: dict[CustomerId, MailPerson]
) -> None:
    asks = [MailAsk(number) for number in people]
    first = desk.choose_many(asks, people)
    hiding = {
        one.picked.customer: replace(
            people[one.picked.customer], hidden=frozenset(one.picked.items[i].product_id for i in range(5))
        )
        for one in first
    }
    for before, after in zip(first, desk.choose_many(asks, hiding), strict=True):
        assert hiding[before.picked.customer].hidden.isdisjoint(shown(after))
        assert len(shown(after)) == len(shown(before))


def test_a_hidden_kind_and_what_the_mail_shows_anyway_are_left_out(
    desk: Desk, people: dict[CustomerId, MailPerson]
) -> None:
    kind = next(kind for kind in desk.goods.kinds.values() if kind)
    hiding = {number: replace(person, hidden_kinds=frozenset({kind})) for number, person in people.items()}
    product = next(iter(desk.goods.items))
    for one in desk.choose_many([MailAsk(number, without=frozenset({product})) for number in hiding], hiding):
        assert product not in shown(one)
        assert kind not in {desk.goods.kinds[item.product_id] for item in one.picked.items}


def test_a_treatment_that_was_adopted_is_everybodys(desk: Desk, people: dict[CustomerId, MailPerson]) -> None:
    treated = replace(desk, adopted={Rail.FOR_YOU: Treatment(strategy=Strategy.TRENDING)})
    together, alone = both(treated, people, [MailAsk(number) for number in people])
    assert {one.picked.strategy for one in together} == {Strategy.TRENDING}
    assert [shown(one) for one in together] == [shown(one) for one in alone]


def test_whoever_may_not_be_mailed_or_known_is_heeded(desk: Desk, people: dict[CustomerId, MailPerson]) -> None:
    first, second = list(people)[:2]
    consent = people[first].consent
    asked = {
        **people,
        first: replace(people[first], consent=replace(consent, email_marketing="UNSUBSCRIBED")),
        second: replace(people[second], consent=replace(consent, opted_out=True)),
    }
    found = {one.picked.customer: one for one in desk.choose_many([MailAsk(number) for number in asked], asked)}
    assert (shown(found[first]), found[first].decision) == ([], None)
    alone = desk.choose(MailAsk(second), asked[second])
    assert shown(found[second]) == shown(alone)


def test_those_of_whom_nothing_is_known_get_what_sells_each_on_record(
    desk: Desk, people: dict[CustomerId, MailPerson]
) -> None:
    nobody = {number: replace(person, orders=()) for number, person in people.items()}
    found = desk.choose_many([MailAsk(number) for number in nobody], nobody)
    assert len({tuple(shown(one)) for one in found}) == 1
    assert shown(found[0]) == shown(desk.choose(MailAsk(next(iter(nobody))), next(iter(nobody.values()))))
    assert len({one.decision.request_id for one in found if one.decision}) == len(nobody)
