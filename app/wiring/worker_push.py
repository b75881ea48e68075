"""The part of the workers' wiring for what is pushed to Klaviyo profiles."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from app.services import pick_for_mail, push_profiles
from app.wiring.worker_klaviyo import WorkerKlaviyo


class WorkerPush(WorkerKlaviyo):
    """What is pushed to Klaviyo profiles."""

    @cached_property
    def picking(self) -> pick_for_mail.PickPorts:
        from app.adapters.db.mail_people import DbMailPeople, DbMailShelf
        from app.core.recommend.models.batch import Batch

        return pick_for_mail.PickPorts(
            shelf=DbMailShelf(self.database, self.shopify.origin),
            people=DbMailPeople(self.database, self.sealer),
            models=self.models,
            artefacts=self.artefacts,
            fresh=self.fresh,
            experiments=self.experiments,
            lake=self.lake,
            clock=self.clock,
            many=Batch.of,
        )

    @cached_property
    def pushing(self) -> push_profiles.Ports:
        from app.adapters.db.mail_promises import DbMailPromises

        return push_profiles.Ports(
            picking=self.picking,
            pushes=self.klaviyo_pushes,
            tellables=self.tellables,
            apis=self.klaviyo_apis,
            claims=self.claims,
            clock=self.clock,
            due=self.due_work,
            settings=self.mail_settings,
            feeds=self.feeds,
            offers=self.offers,
            promises=DbMailPromises(self.database),
        )

    @cached_property
    def taking_back(self) -> push_profiles.Ports:
        """The push's, with the API of a connection that is being left."""
        from app.adapters.klaviyo.apis import KlaviyoSdkApis
        from app.adapters.klaviyo.tokens import Tokens

        tokens = Tokens(self.klaviyo_gate, self.klaviyo_connections, self.claims, leaving=True)
        apis = KlaviyoSdkApis(tokens, self.redis, origin=self.settings.klaviyo_test_origin)
        return replace(self.pushing, apis=apis)
