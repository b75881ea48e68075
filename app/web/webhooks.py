"""Webhooks: stored with the note that they are due, in one transaction, then answered. All work is the workers'."""

from __future__ import annotations

from flask import Blueprint, Response

from app import jobs
from app.adapters.counters import Count
from app.web import doors
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("webhooks", __name__)

    @routes.post("/webhooks")
    @routes.post("/webhooks/compliance")
    def receive() -> Response:
        try:
            received = doors.webhook()
        except doors.Refused:
            wiring.counters.add(Count.WEBHOOKS_REFUSED)
            raise
        shop, delivery = received.shop, received.delivery
        if wiring.inbox.receive(shop.id, delivery, at=wiring.clock.now()):
            wiring.counters.add(Count.WEBHOOKS_STORED)
            wiring.jobs.enqueue(jobs.PROCESS_WEBHOOK, shop.id, delivery.webhook_id)
        else:
            wiring.counters.add(Count.WEBHOOKS_REPEATED)
        return Response(status=200)

    return routes
