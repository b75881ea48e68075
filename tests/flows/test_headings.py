"""What an event says of how its products were chosen: by nothing but their sales, or by something of the shopper's."""

from __future__ import annotations

from app.core.email.names import Trigger
from app.core.email.picked import MailAsk, Picked
from app.core.email.triggers import POPULAR
from app.core.events import EventType
from app.core.ids import CustomerId
from app.core.recommend.types import Rail
from app.services.pick_for_mail import pick
from app.services.train_models import train_models
from tests.mail.conftest import Mails


def picked(mails: Mails, customer: CustomerId, rail: Rail, cart: int | None = None) -> Picked:
    product = None if cart is None else mails.products[cart]
    ask = MailAsk(customer, rail, product=product, cart=(product,) if product else ())
    return next(pick(mails.shop, [ask], mails.wiring.picking))


def test_only_what_sells_without_regard_to_anybody_is_called_popular(mails: Mails) -> None:
    # Of orders that are too old nothing but what sells is learnt.
    mails.execute("UPDATE orders SET created_at = created_at + interval '60 days'")
    train_models(mails.shop, mails.wiring.training)
    mails.execute("UPDATE orders SET created_at = created_at - interval '60 days'")
    buyer, stranger = mails.customers[:2]
    mails.execute(f"UPDATE orders SET customer_id = NULL WHERE customer_id = {stranger}")
    assert picked(mails, stranger, Rail.FOR_YOU).popular
    beside = [picked(mails, stranger, Rail.BOUGHT_TOGETHER, cart=place) for place in range(8)]
    assert any(not one.popular for one in beside)
    for one in beside:
        assert one.popular == all(item.reason == "Popular in this store" for item in one.items)
    mails.switch(Trigger.CART_LEFT)
    for customer, place in ((buyer, 0), (stranger, 1)):
        mails.do(customer, EventType.ADD_TO_CART, mails.products[place], hours_ago=2)
    assert mails.start().sent == 2
    for event in mails.events():
        shown = [item["reason"] for item in event.properties["items"]]
        assert (event.properties.get("heading") == POPULAR) == (set(shown) == {"Popular in this store"})
