"""Views in a training: from the lake to a list in the store, and the training that is due once there are enough."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from app.core.events import Event, EventType
from app.core.ids import ProductId, VisitorId
from app.core.recommend.evaluate import LEAST_QUESTIONS
from app.core.recommend.sessions import EXAM_SHARE
from app.core.recommend.types import Rail
from app.services.ask_for_training import ask_for_training, views_suffice
from app.services.publish_lists import publish_lists
from app.services.train_models import train_models
from tests.models.store import Installed

ENOUGH = EXAM_SHARE * LEAST_QUESTIONS


def look_around(installed: Installed, sessions: int, *, first: int = 0, seed: int = 8) -> None:
    """Visitors who each look at two products that stand three apart in the catalogue, or at any, within a minute."""
    generator = np.random.default_rng(seed)
    products, now = installed.products, installed.wiring.clock.now()
    events = []
    for number in range(first, first + sessions):
        start = int(generator.integers(len(products)))
        other = (start + 3) % len(products) if generator.random() < 0.8 else int(generator.integers(len(products)))
        at = now - timedelta(days=10 * (1 - number / 5000), hours=1)
        for place, product in enumerate({start, other, (start + 6) % len(products)}):
            events.append(
                Event(
                    event_id=f"view-{number}-{place}",
                    type=EventType.PRODUCT_VIEW,
                    at=at + timedelta(seconds=20 * place),
                    visitor=VisitorId(f"{number:032x}"),
                    client=None,
                    consent={"analytics": True, "preferences": True, "marketing": False},
                    product_id=ProductId(products[product]),
                )
            )
    with installed.wiring.lake.turn(installed.shop.id) as turn:
        turn.append(events, [])


def test_what_others_viewed_becomes_a_list_of_its_own(trained: Installed) -> None:
    look_around(trained, ENOUGH + 100)
    training = train_models(trained.shop, trained.wiring.training)
    exam = training.metrics["rails"][Rail.ALSO_VIEWED]
    assert exam["passed"], exam
    publish_lists(trained.shop, trained.wiring.publishing)
    fields = [trained.metafields(product) for product in trained.products]
    assert any("also_viewed" in one for one in fields)


def test_a_version_is_named_after_the_views_too(trained: Installed) -> None:
    first = train_models(trained.shop, trained.wiring.training).version
    look_around(trained, 1)
    assert train_models(trained.shop, trained.wiring.training).version != first


def test_a_training_is_due_once_when_views_suffice_for_the_first_time(trained: Installed) -> None:
    asking = trained.wiring.asking_for_training
    look_around(trained, ENOUGH - 10)
    assert not views_suffice(trained.shop, asking)  # there is no model yet: the first training comes by itself
    train_models(trained.shop, trained.wiring.training)
    for id in trained.wiring.due_work.waiting(trained.shop.id, "train_models"):
        trained.wiring.due_work.done(trained.shop.id, "train_models", id)  # The first one was asked for by the consent.
    assert not ask_for_training(trained.shop, asking)
    look_around(trained, 40, first=ENOUGH)
    assert ask_for_training(trained.shop, asking)
    assert trained.wiring.due_work.waits(trained.shop.id, "train_models")
    assert [job.args[0] for job in trained.wiring.jobs._queue("training").jobs] == [trained.shop.id]
    train_models(trained.shop, trained.wiring.training)
    assert not ask_for_training(trained.shop, asking)


def test_without_consent_no_training_is_asked_for(trained: Installed) -> None:
    train_models(trained.shop, trained.wiring.training)
    look_around(trained, ENOUGH)
    assert views_suffice(trained.shop, trained.wiring.asking_for_training)
    trained.consent(granted=False)
    assert not views_suffice(trained.shop, trained.wiring.asking_for_training)
