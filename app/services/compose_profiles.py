"""What is to be pushed of customers: their products and facts, where a shopper could see a difference to what stands.

Profiles are named by their e-mail address alone. Klaviyo overwrites any other identifier that an import brings along,
and a profile's `external_id` may be the merchant's own, from a till or a loyalty programme (law 7).
https://developers.klaviyo.com/en/docs/update_profile_properties_via_api
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.core.email.feeds import COHORTS, cohort_in, cohorts_of
from app.core.email.hold_out import arm_of
from app.core.email.names import Arm
from app.core.email.outlook import outlook_of
from app.core.email.picked import MailAsk
from app.core.email.properties import Facts, digest_of, favourite_of, gone_of, profile_of, properties_of
from app.core.email.settings import MailSettings
from app.core.ids import CustomerId, ProductId
from app.core.profiles.consent import Purpose, allowed
from app.core.segments.outlets import Told, scores_of, told_of
from app.core.segments.rfm import Cuts
from app.core.shops import Shop
from app.ports import Clock
from app.ports.feeds import Feeds
from app.ports.mail import MailPromises
from app.ports.offers import Offers
from app.ports.outlets import Tellables
from app.ports.push import MailPerson, Push, Pushed, Pushes
from app.services.choose_for_mail import Choice, Desk
from app.services.pick_for_mail import PickPorts, allowed_by, desk_of

TOGETHER: Final = 1000
LONGEST_FLOW: Final = timedelta(days=15)
"""So long after an event no mail of its flow is under way any more."""


@dataclass(frozen=True, slots=True)
class Ports:
    picking: PickPorts
    pushes: Pushes
    tellables: Tellables
    feeds: Feeds
    offers: Offers
    promises: MailPromises
    clock: Clock


@dataclass(frozen=True, slots=True)
class Letter:
    """One customer's profile as the bulk import takes it, what is noted of it, and the decision behind it."""

    profile: dict[str, Any]
    push: Push
    choice: Choice


@dataclass(frozen=True, slots=True)
class Composed:
    """Of some customers: what is to travel, and in whose profiles nothing of ours may stand any more."""

    letters: Sequence[Letter]
    unwelcome: Sequence[CustomerId]


@dataclass(frozen=True, slots=True)
class Composer:
    """The shop's products, model and segments at one moment, by which any number of profiles are composed."""

    shop: Shop
    ports: Ports
    settings: MailSettings
    desk: Desk
    cuts: Cuts
    cohorts: Collection[str]

    @classmethod
    def of(cls, shop: Shop, ports: Ports, settings: MailSettings) -> Composer:
        """Read all that is the same for everybody.

        Raises:
            Permanent: the model's artefact is damaged.
        """
        feed = ports.feeds.read(shop.id, COHORTS)
        cohorts = cohorts_of(feed[1]) if feed else frozenset[str]()
        return cls(shop, ports, settings, desk_of(shop, ports.picking), ports.tellables.cuts(shop.id), cohorts)

    def compose(self, numbers: Sequence[CustomerId]) -> Composed:
        """Of these customers, what is different from what stands."""
        with uncollected():
            return self._composed(numbers)

    def _composed(self, numbers: Sequence[CustomerId]) -> Composed:
        shop, own = self.shop.id, self.ports.picking.people
        people, standing = own.of(shop, numbers), self.ports.pushes.of(shop, numbers)
        welcome = [one for one in numbers if allowed_by(people, one)]
        unwelcome = list(standing.keys() - set(welcome))
        chosen = self._chosen([people[one] for one in welcome])
        found = [one for one in chosen if not _stands(one, standing.get(one.customer))]
        emails = own.emails(shop, [one.customer for one in found])
        letters = [self._letter(one, emails[one.customer]) for one in found if one.customer in emails]
        return Composed(letters, unwelcome)

    def _chosen(self, people: Sequence[MailPerson]) -> Iterator[_Content]:
        known = {one.customer: one for one in people}
        held = self.ports.offers.held(self.shop.id, list(known), now=self.ports.clock.now())
        promised = self.ports.promises.of(
            self.shop.id, since=self.ports.clock.now() - LONGEST_FLOW, customers=list(known)
        )
        choices = self.desk.choose_many([MailAsk(number) for number in known], known)
        for (number, person), choice in zip(known.items(), choices, strict=True):
            arm = arm_of(self.settings.salt, number, share=self.settings.hold_out)
            facts = self._facts(person, arm, held[number].in_words if number in held else "")
            gone = promised.get(number, frozenset()) - self.desk.goods.items.keys()
            properties = {**properties_of(choice.picked, facts), **gone_of(gone)}
            yield _Content(number, person.address, properties, digest_of(choice.picked, properties), choice)

    def _letter(self, one: _Content, email: str) -> Letter:
        products = tuple([ProductId(item.product_id) for item in one.choice.picked.items])
        push = Push(one.customer, one.digest, one.address, products, email)
        return Letter(profile_of(email, one.properties), push, one.choice)

    def _facts(self, person: MailPerson, arm: Arm, offer: str) -> Facts:
        """Nothing is told of whoever may not be learnt from."""
        if not allowed(Purpose.LEARN, person.consent):
            nothing = outlook_of("", (), orders=0, discounted=0)
            return Facts(Told(), nothing, arm=arm, cohort=cohort_in(self.cohorts, "", ""))
        told = told_of(person.segments, (), scores_of(person.bought, person.last_s, person.net, self.cuts))
        days = [order.day for order in person.orders]
        kinds = self.desk.goods.kinds
        favourite = favourite_of([kinds.get(product, "") for order in person.orders for product in order.products])
        outlook = outlook_of(told.stage, days, orders=person.bought, discounted=person.discounted, offer=offer)
        return Facts(told, outlook, favourite, arm, cohort_in(self.cohorts, told.stage, favourite))


@contextmanager
def uncollected() -> Iterator[None]:
    """Python's collector of circles rests: so many values make it look through a whole worker again and again, for a
    quarter of the time, and there are no circles among them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Content:
    """What one customer's profile is to hold, before anybody's address is opened."""

    customer: CustomerId
    address: str
    properties: dict[str, Any]
    digest: str
    choice: Choice


def _stands(one: _Content, standing: Pushed | None) -> bool:
    """Whether Klaviyo has it already, or has refused it and nothing that it refused is different."""
    if standing is None or standing.address != one.address:
        return False
    return standing.state == "refused" or (standing.state == "done" and standing.digest == one.digest)
