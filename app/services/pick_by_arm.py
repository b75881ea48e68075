"""Products for mails that have a control: both sides' decisions are on record, the control's as what would have been.

The control's mail shows the merchant's own block in the products' place, so its record says that nothing of ours stood
there; what was chosen for it is compared with, and never sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.email.names import Arm
from app.core.email.picked import MailAsk, Picked
from app.core.experiments.types import Show
from app.core.shops import Shop
from app.ports.push import MailPerson
from app.services.pick_for_mail import TOGETHER, Choice, Desk, PickPorts, desk_of, record

VARIANT = "email:"
"""What a decision's variant begins with; the arm follows."""


def pick_by_arm(shop: Shop, asks: Sequence[tuple[MailAsk, Arm]], ports: PickPorts) -> list[Picked]:
    """Answer the asks in their order; what is returned is on record.

    Raises:
        Retryable: the lake takes no decisions now.
        Permanent: the model's artefact is damaged.
    """
    desk, found = desk_of(shop, ports), list[Picked]()
    for first in range(0, len(asks), TOGETHER):
        some = asks[first : first + TOGETHER]
        people = ports.people.of(shop.id, [ask.customer for ask, _ in some])
        choices = [_marked(first_of_rails(desk, ask, people.get(ask.customer)), arm) for ask, arm in some]
        record(shop, choices, ports)
        found += [one.picked for one in choices]
    return found


def first_of_rails(desk: Desk, ask: MailAsk, person: MailPerson | None) -> Choice:
    """Of the ask's rails the first that has something of its own; what is popular only where none has."""
    asked: list[Choice] = []
    for rail in (ask.rail, *ask.instead):
        asked.append(desk.choose(replace(ask, rail=rail), person))
        if asked[-1].picked.items and not asked[-1].picked.popular:
            return asked[-1]
    return next((choice for choice in asked if choice.picked.items), asked[0])


def _marked(choice: Choice, arm: Arm) -> Choice:
    if choice.decision is None:
        return choice
    show = Show.OURS if arm is Arm.ATTUNE else Show.EMPTY
    return replace(choice, decision=replace(choice.decision, variant=f"{VARIANT}{arm}", show=show.value))
