"""The wiring of workers and of the command line: everything, the heavy libraries included."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property, lru_cache

from app import config
from app.adapters.db import erasure
from app.adapters.db.privacy import DbPrivacy
from app.adapters.db.resealing import DbResealing
from app.adapters.erasable_artefacts import ArtefactsPlace
from app.adapters.redis.customers import CustomersPlace
from app.adapters.redis.erasable import LiveStatePlace
from app.adapters.redis.fresh import FreshPlace
from app.core.ids import ShopId
from app.core.nightly import next_night
from app.ports import ErasablePlace
from app.services import (
    apply_change,
    erase_customer,
    erase_shop,
    export_customer,
    forget_browser,
    handle_webhooks,
    merge_customers,
    note_identity,
    note_news,
    process_webhook,
    uninstall_shop,
)
from app.wiring.worker_engagement import WorkerEngagement
from app.wiring.worker_governance import WorkerGovernance
from app.wiring.worker_identity import WorkerIdentity
from app.wiring.worker_models import WorkerModels
from app.wiring.worker_sources import WorkerSources


class Worker(WorkerModels, WorkerIdentity, WorkerEngagement, WorkerSources, WorkerGovernance):
    """Everything that jobs and commands need."""

    @cached_property
    def webhook_processing(self) -> process_webhook.Ports:
        handlers = {
            **handle_webhooks.handlers(self.webhook_handling),
            **note_news.noting(
                note_identity.noting(apply_change.handlers(self.store_records, self.due_work), self.noting_identity),
                self.due_work,
                self.jobs,
            ),
            **merge_customers.handlers(self.merging_customers),
        }
        return process_webhook.Ports(self.inbox, self.shops, self.clock, handlers)

    @cached_property
    def webhook_handling(self) -> handle_webhooks.Ports:
        return handle_webhooks.Ports(
            uninstall=uninstall_shop.Ports(self.installations, self.jobs, self.clock),
            credentials=self.credentials,
            due=self.due_work,
            jobs=self.jobs,
            inbox=self.inbox,
            erase_customer=self.erasing_customer,
            erase_shop=self.erasing_shop,
            export_customer=self.exporting_customer,
        )

    @cached_property
    def erasable_places(self) -> list[ErasablePlace]:
        """Every place where a person's or a shop's data stand, in the order in which they are erased."""
        from app.adapters.lake.erasable import LakePlace

        # The lake first: once it has waited for the consumers' turns, nothing of the person is stored any more.
        lake = LakePlace(self.lake_files, self.lake_index)
        artefacts = ArtefactsPlace(self.artefacts)
        customers, live = CustomersPlace(self.redis), LiveStatePlace(self.redis, self.clock)
        # The news last: they are learnt again from the orders as the erasure leaves them.
        news = FreshPlace(self.fresh, lambda shop, token: note_news.note_person(shop, token, self.due_work, self.jobs))
        return [lake, customers, live, artefacts, *erasure.places(self.database, self.sealer), news]

    @cached_property
    def privacy(self) -> DbPrivacy:
        return DbPrivacy(self.database, self.sealer)

    @cached_property
    def erasing_customer(self) -> erase_customer.Ports:
        return erase_customer.Ports(self.erasable_places, self.privacy, self.clock, self._next_training)

    @cached_property
    def erasing_shop(self) -> erase_shop.Ports:
        return erase_shop.Ports(
            self.erasable_places, self.privacy, self.shops, self.installations, self.admin_apis, self.clock
        )

    @cached_property
    def forgetting_browsers(self) -> forget_browser.WorkPorts:
        live = LiveStatePlace(self.redis, self.clock)
        return forget_browser.WorkPorts(
            self.erasable_places, self.privacy, live, self.sealer, self.due_work, self.clock
        )

    @cached_property
    def exporting_customer(self) -> export_customer.Ports:
        return export_customer.Ports(self.erasable_places, self.privacy, self.access_log, self.clock)

    @cached_property
    def resealing(self) -> DbResealing:
        return DbResealing(self.database, self.sealer)

    def _next_training(self, shop: ShopId, now: datetime) -> datetime | None:
        """None where no model stands that a training could replace."""
        return next_night(now) if self.models.current(shop) is not None else None


@lru_cache(maxsize=1)
def worker(_pid: int | None = None) -> Worker:
    """This process's wiring, built from the environment at the first call; a forked child builds its own."""
    return Worker(config.load())


def current() -> Worker:
    """The wiring of the running process."""
    return worker(os.getpid())
