"""What Klaviyo does not let us do is tried again in an hour, not every minute."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app import jobs
from app.core.shops import Shop
from app.errors import KlaviyoRefused
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.wiring.worker import Worker
from tests.klaviyo_fixture import Twin
from workers.jobs.push import push_profiles, unpush

DUE_IN = text("SELECT extract(epoch FROM due_at - now()) FROM due_work WHERE shop_id = :shop AND kind = :kind")


def due_in(wiring: Worker, shop: Shop, kind: str) -> float:
    """Seconds until the sweeper gives the next hint."""
    with wiring.database.open() as connection:
        return float(connection.execute(DUE_IN, {"shop": shop.id, "kind": kind}).scalar_one())


def test_a_push_that_is_refused_waits_for_an_hour(klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin) -> None:
    with worker_wiring.database.shop(klaviyo_shop.id) as session:
        session.execute(text("UPDATE customers SET email_marketing = 'SUBSCRIBED' WHERE email_hash IS NOT NULL"))
    set_mail_settings(klaviyo_shop, Wanted(push=True), by="the owner", ports=worker_wiring.setting_mails)
    worker_wiring.due_work.put(klaviyo_shop.id, jobs.PUSH_DUE)
    twin.fault("feature_unavailable", path="/api/profile-bulk-import-jobs", method="POST", count=9)
    with pytest.raises(KlaviyoRefused):
        push_profiles(klaviyo_shop.id)
    assert due_in(worker_wiring, klaviyo_shop, jobs.PUSH_DUE) > jobs.PUT_OFF_S / 2


def test_an_erasure_that_is_refused_waits_for_an_hour(klaviyo_shop: Shop, worker_wiring: Worker, twin: Twin) -> None:
    sealed = worker_wiring.sealer.seal(klaviyo_shop.id, "klaviyo_pushes.sent_to", b"ada@example.com").hex()
    worker_wiring.due_work.put(klaviyo_shop.id, jobs.UNPUSH_DUE, sealed)
    twin.fault("feature_unavailable", path="/api/profile", count=9)
    with pytest.raises(KlaviyoRefused):
        unpush(klaviyo_shop.id)
    assert due_in(worker_wiring, klaviyo_shop, jobs.UNPUSH_DUE) > jobs.PUT_OFF_S / 2
