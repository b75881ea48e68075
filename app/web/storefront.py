"""What the theme element asks through Shopify's app proxy: a rail for this visitor, as data or as cards.

Two routes share one question and one answer (`app.services.serve_recommendations`): `/recommendations` is JSON, with
which the element re-orders the cards that Liquid has drawn; `/rail` is Liquid, which Shopify renders into cards.
`/arms` says beforehand how a visitor's rails look (`app.services.tell_arms`). A shopper's page must never break because
of us: what fails inside ends as an empty answer, and is counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, request

from app.adapters.counters import Count
from app.core.experiments.assign import Plan
from app.core.experiments.types import Show
from app.core.recommend.rails import ONLY_WHEN_FILLED
from app.core.recommend.types import Rail
from app.services.serve_recommendations import Answer, Item, Stitch, nothing, serve_recommendations
from app.services.tell_arms import UNTOLD, Arms, tell_arms
from app.web.asked import MOST_ITEMS, BadQuestion, ask_of, customer_of, visitor_of
from app.web.problems import problem
from app.web.proxy_door import NotFromShopify, ProxyDoor
from app.web.rail_liquid import MOST_HANDLES, rail_liquid
from app.wiring.web import Web

log = logging.getLogger(__name__)

JSON = {"Cache-Control": "no-store", "Content-Type": "application/json"}
LIQUID = {"Cache-Control": "no-store", "Content-Type": "application/liquid; charset=utf-8"}

Parameters = Mapping[str, str]


def blueprint(wiring: Web) -> Blueprint:
    """The routes behind the app proxy's signature."""
    routes = Blueprint("storefront", __name__, url_prefix="/proxy/v1")
    door = ProxyDoor(wiring.known_shops, wiring.proxy_signature)

    def answered(
        written: Callable[[Answer, Parameters], bytes], headers: Mapping[str, str], *, most: int = MOST_ITEMS
    ) -> Response:
        rail = Rail.BOUGHT_TOGETHER
        try:
            call = door.enter(request.environ["QUERY_STRING"])
            ask = ask_of(call.parameters, most=most)
            rail = ask.question.rail
            wiring.sign_ins.note(call.shop.id, ask.visitor, ask.customer)
            answer = serve_recommendations(call.shop, ask, wiring.serving)
            body = written(answer, call.parameters)
        except NotFromShopify as refusal:
            return problem(401, str(refusal))
        except BadQuestion as complaint:
            return problem(400, str(complaint))
        except Exception:
            # The page goes on with the list that Liquid has rendered (law 8).
            log.exception("a rail could not be answered")
            wiring.counters.add(Count.RECOMMENDATIONS_FAILED)
            return Response(written(nothing(rail), {}), headers=dict(headers))
        _count(wiring, answer)
        return Response(body, headers=dict(headers))

    @routes.get("/recommendations")
    def recommendations() -> Response:
        return answered(lambda answer, asked: answer_json(answer, explain=asked.get("explain") == "1"), JSON)

    @routes.get("/rail")
    def rail() -> Response:
        return answered(rail_liquid, LIQUID, most=MOST_HANDLES)

    @routes.get("/arms")
    def arms() -> Response:
        try:
            call = door.enter(request.environ["QUERY_STRING"])
            visitor, customer = visitor_of(call.parameters), customer_of(call.parameters)
            wiring.sign_ins.note(call.shop.id, visitor, customer)
            told = tell_arms(call.shop, visitor, customer, wiring.serving)
        except NotFromShopify as refusal:
            return problem(401, str(refusal))
        except BadQuestion as complaint:
            return problem(400, str(complaint))
        except Exception:
            # The browser keeps what it was told before, and asks again on its next page.
            log.exception("a visitor's arms could not be told")
            wiring.counters.add(Count.RECOMMENDATIONS_FAILED)
            told = UNTOLD
        wiring.counters.add(Count.ARMS_ANSWERED)
        _count_stitch(wiring, told.stitch)
        return Response(arms_json(told), headers=dict(JSON))

    return routes


def answer_json(answer: Answer, *, explain: bool = False) -> bytes:
    """The answer as JSON; the card of each item was written when the shop was mapped, only its rank is new.

    `unavailable` is there when the question named cards of the page that cannot be bought now, `stale` when the page
    should ask for its arms. `fetch` comes without items, when it should ask `/rail` for cards instead of ordering its
    own; `show` other than "ours" comes without items, too: the rail is a control's.
    """
    head: dict[str, Any] = {
        "request_id": answer.request_id,
        "placement": answer.placement,
        "rail": answer.rail,
        "strategy": answer.strategy,
        "variant": answer.variant,
        "show": answer.show,
    }
    if answer.stale:
        head["stale"] = True
    if answer.fetch:
        head["fetch"] = True
    if explain:
        head["explain"] = {
            "model_version": answer.model_version,
            "skipped": answer.skipped,
            "mapped": answer.mapped,
        }
    if answer.unavailable:
        head["unavailable"] = [str(product) for product in answer.unavailable]
    return b'%b,"items":[%b]}' % (orjson.dumps(head)[:-1], _items_json(answer.items))


def arms_json(arms: Arms) -> bytes:
    """How each rail looks that experiments touch; a title or a place only where an arm sets it.

    ``variant`` is what the page sends back as ``arms``. Where nothing can be told there are no ``rails``.
    """
    if arms.rails is None:
        return b"{}"
    return orjson.dumps({"rails": {rail.value: _look(plan) for rail, plan in arms.rails.items()}})


def _look(plan: Plan) -> dict[str, str]:
    treatment = plan.treatment
    optional = {"title": treatment.title, "place": treatment.place}
    set_by_arm = {name: value for name, value in optional.items() if value is not None}
    return {"variant": plan.look, "show": treatment.show, **set_by_arm}


def _items_json(items: Sequence[Item]) -> bytes:
    reasons: dict[int, bytes] = {}  # By identity: most items of a rail share one.
    parts = []
    for position, item in enumerate(items):
        reason = item.candidate.reason
        said = reasons.get(id(reason))
        if said is None:
            because = [str(product) for product in reason.because]
            said = orjson.dumps({"code": reason.code, "text": item.reason_text, "because": because})
            reasons[id(reason)] = said
        parts.append(
            b'{%b,"position":%d,"score":%.6f,"reason":%b}' % (item.card_json, position, item.candidate.score, said)
        )
    return b",".join(parts)


def _count(wiring: Web, answer: Answer) -> None:
    count = wiring.counters.add
    count(Count.RECOMMENDATIONS_ANSWERED)
    if answer.show is not Show.OURS:
        count(Count.CONTROLS_ANSWERED)
    elif not answer.items and not answer.fetch and answer.rail not in ONLY_WHEN_FILLED:
        count(Count.RECOMMENDATIONS_EMPTY)
    if answer.stale:
        count(Count.PAGES_STALE)
    if answer.missed:
        count(Count.TREATMENTS_MISSED)
    if answer.skipped:
        count(Count.SOURCES_SKIPPED, len(answer.skipped))
    if not answer.mapped:
        count(Count.RECOMMENDATIONS_UNMAPPED)
    _count_stitch(wiring, answer.stitch)


def _count_stitch(wiring: Web, stitch: Stitch) -> None:
    if stitch.is_new:
        wiring.counters.add(Count.UNITS_STITCHED)
    if stitch.conflicts:
        wiring.counters.add(Count.UNITS_CONFLICTING)
