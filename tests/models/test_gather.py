"""What a training reads: every product that may be shown, and a name that changes with whatever it is learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from app.services import gather_material
from app.services.gather_material import Gathered, gather
from tests.models.store import Installed


def read(installed: Installed) -> Gathered:
    return gather(
        installed.shop, installed.wiring.training.material, now=installed.wiring.clock.now(), recipe="as today"
    )


def catalogue(installed: Installed) -> set[int]:
    return set(read(installed).orders.items.tolist())


@pytest.fixture
def sold(installed: Installed) -> Installed:
    """One product has been bought, and nothing has been looked at."""
    installed.order(1, installed.products[:1])
    return installed


def test_products_that_nobody_bought_or_viewed_are_learnt_about_too(sold: Installed) -> None:
    gathered = read(sold)
    assert set(sold.products) <= set(gathered.orders.items.tolist())
    assert len(np.unique(gathered.orders.item)) == 1
    every = (gathered.orders, gathered.sessions, gathered.visits)
    assert all(np.array_equal(one.items, gathered.orders.items) for one in every)
    assert gathered.facts.attributes is not None
    assert len(gathered.facts) == len(gathered.facts.attributes) == len(gathered.orders.items)
    described = np.diff(gathered.facts.attributes.starts) > 0
    assert described.sum() >= len(sold.products) - 1, "their words are known, or content could not speak for them"


def test_what_may_not_be_shown_is_learnt_about_only_if_it_was_bought(sold: Installed) -> None:
    bought, *others = sold.products
    changes = ("published = false", "status = 'DRAFT'", "is_gift_card = true", "deleted_at = now()")
    hidden = dict(zip(others, changes, strict=False))
    for product, change in {bought: changes[0], **hidden}.items():
        sold.execute(f"UPDATE products SET {change} WHERE id = {product}")
    sold.execute("UPDATE variants SET quantity = 0, tracked = true, oversell = false")
    known = catalogue(sold)
    assert not set(hidden) & known
    assert {bought, *others} - set(hidden) <= known, "what is sold out may be back tomorrow"


def test_of_what_was_never_bought_only_so_many_are_taken_the_newest(
    sold: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather_material, "MOST_UNSOLD", 2)
    newest = sold.products[-2:]
    sold.execute("UPDATE products SET created_at = now() - interval '400 days'")
    sold.execute(f"UPDATE products SET created_at = now() WHERE id IN ({newest[0]}, {newest[1]})")
    assert catalogue(sold) == {sold.products[0], *newest}


def test_what_is_known_of_the_products_is_part_of_the_name_and_the_stock_is_not(sold: Installed) -> None:
    """A title that has changed is a reason to learn anew; stock changes by the hour."""
    first, second = sold.products[:2]
    seen = [read(sold).fingerprint]
    for change in (
        f"products SET title = 'Something else' WHERE id = {first}",
        f"products SET tags = '{{new}}' WHERE id = {first}",
        f"products SET vendor = 'Somebody else' WHERE id = {first}",
        f"products SET created_at = now() - interval '90 days' WHERE id = {first}",
        f"products SET published = false WHERE id = {second}",
        f"variants SET price = price + 100 WHERE product_id = {first}",
    ):
        sold.execute(f"UPDATE {change}")
        seen.append(read(sold).fingerprint)
        assert seen[-1] not in seen[:-1], change
    sold.execute("UPDATE variants SET quantity = quantity + 7 WHERE tracked")
    assert read(sold).fingerprint == seen[-1]
