"""What the theme element asks through Shopify's app proxy: recommendations, re-ranked for this visitor.

The route reads the question and writes the answer; what to recommend is `app.services.serve_recommendations`. A
shopper's page must never break because of us: what fails inside ends as an empty list, and is counted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, request

from app.adapters.counters import Count
from app.core.ids import ProductId, VisitorId, new_request_id
from app.core.recommend.types import Placement, Reason, Strategy
from app.services.serve_recommendations import DEFAULT_ARM, Answer, Ask, Item, serve_recommendations
from app.web.problems import problem
from app.web.proxy_door import NotFromShopify, ProxyDoor
from app.wiring.web import Web

log = logging.getLogger(__name__)

DEFAULT_LIMIT = 8
MOST_ITEMS = 24
MOST_IN_CART = 100
MOST_CARDS = 24
HEADERS = {"Cache-Control": "no-store", "Content-Type": "application/json"}


class BadQuestion(Exception):
    """A parameter is missing or absurd; the message names it."""


def blueprint(wiring: Web) -> Blueprint:
    """The routes behind the app proxy's signature."""
    routes = Blueprint("storefront", __name__, url_prefix="/proxy/v1")
    door = ProxyDoor(wiring.known_shops, wiring.proxy_signature)
    count = wiring.counters.add

    @routes.get("/recommendations")
    def recommendations() -> Response:
        placement = Placement.PRODUCT
        try:
            call = door.enter(request.environ["QUERY_STRING"])
            ask = question(call.parameters)
            placement = ask.placement
            answer = serve_recommendations(call.shop, ask, wiring.serving)
        except NotFromShopify as refusal:
            return problem(401, str(refusal))
        except BadQuestion as complaint:
            return problem(400, str(complaint))
        except Exception:
            # The page goes on with the list that Liquid has rendered (law 8).
            log.exception("a rail could not be answered")
            count(Count.RECOMMENDATIONS_FAILED)
            return Response(_nothing(placement), headers=HEADERS)
        _count(wiring, answer)
        return Response(answer_json(answer, explain=call.parameters.get("explain") == "1"), headers=HEADERS)

    return routes


def question(parameters: dict[str, str]) -> Ask:
    """Read the route's parameters.

    Raises:
        BadQuestion: one of them is missing or absurd.
    """
    product = _number(parameters, "product_id")
    if product is None:
        raise BadQuestion("product_id is missing")
    cards = _ids(parameters, "cards", most=MOST_CARDS)
    return Ask(
        placement=_placement(parameters.get("placement", "")),
        product_id=product,
        cart=_ids(parameters, "cart", most=MOST_IN_CART),
        visitor=_visitor(parameters.get("visitor", "")),
        limit=_limit(parameters.get("limit", ""), default=len(cards) or DEFAULT_LIMIT),
        cards=cards,
    )


def answer_json(answer: Answer, *, explain: bool = False) -> bytes:
    """The answer as JSON; the card of each item was written when the shop was mapped, only its rank is new.

    `unavailable` is there when the question named cards of the page that cannot be bought now.
    """
    head: dict[str, Any] = {
        "request_id": answer.request_id,
        "placement": answer.placement,
        "strategy": answer.strategy,
        "variant": answer.variant,
    }
    if explain:
        head["explain"] = {
            "model_version": answer.model_version,
            "skipped": answer.skipped,
            "mapped": answer.mapped,
        }
    if answer.unavailable:
        head["unavailable"] = [str(product) for product in answer.unavailable]
    return b'%b,"items":[%b]}' % (orjson.dumps(head)[:-1], _items_json(answer.items))


def _items_json(items: Sequence[Item]) -> bytes:
    reasons: dict[Reason, bytes] = {}  # Most items of a rail share one.
    parts = []
    for position, item in enumerate(items):
        reason = item.candidate.reason
        if reason not in reasons:
            because = [str(product) for product in reason.because]
            reasons[reason] = orjson.dumps({"code": reason.code, "text": item.reason_text, "because": because})
        score = orjson.dumps(round(item.candidate.score, 6))
        parts.append(b'{%b,"position":%d,"score":%b,"reason":%b}' % (item.card_json, position, score, reasons[reason]))
    return b",".join(parts)


def _nothing(placement: Placement) -> bytes:
    return answer_json(Answer(new_request_id(), placement, Strategy.NONE, DEFAULT_ARM, (), None, (), mapped=False))


def _count(wiring: Web, answer: Answer) -> None:
    count = wiring.counters.add
    count(Count.RECOMMENDATIONS_ANSWERED)
    if not answer.items:
        count(Count.RECOMMENDATIONS_EMPTY)
    if answer.skipped:
        count(Count.SOURCES_SKIPPED, len(answer.skipped))
    if not answer.mapped:
        count(Count.RECOMMENDATIONS_UNMAPPED)


def _placement(text: str) -> Placement:
    try:
        return Placement(text)
    except ValueError:
        raise BadQuestion(f"placement must be one of {', '.join(Placement)}") from None


def _number(parameters: dict[str, str], name: str) -> ProductId | None:
    text = parameters.get(name, "")
    return _id(text, name) if text else None


def _id(text: str, name: str) -> ProductId:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise BadQuestion(f"{name} must hold numeric ids")
    return ProductId(int(text))


def _ids(parameters: dict[str, str], name: str, *, most: int) -> tuple[ProductId, ...]:
    text = parameters.get(name, "")
    if not text:
        return ()
    parts = text.split(",", most)
    if len(parts) > most:
        raise BadQuestion(f"{name} must hold at most {most} ids")
    return tuple([_id(part, name) for part in parts])


def _visitor(text: str) -> VisitorId | None:
    if not text:
        return None
    if len(text) != 32 or not set(text) <= _HEXADECIMAL:
        raise BadQuestion("visitor must be 32 hexadecimal digits")
    return VisitorId(text)


_HEXADECIMAL = frozenset("0123456789abcdef")


def _limit(text: str, *, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST_ITEMS):
        raise BadQuestion(f"limit must be a number from 1 to {MOST_ITEMS}")
    return int(text)
