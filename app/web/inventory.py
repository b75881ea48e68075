"""`POST /inventory`: counts of a stock system beside Shopify, signed with the secret that the Data page gives out.

The signature is an HMAC-SHA256 of the moment and the raw body, so that what was listened to cannot be sent again later
or changed; a request that comes twice all the same counts once. What may be shown follows within a second, and the Data
page shows a day's posts as one delivery.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
from flask import Blueprint, Response, request

from app.core.shops import Shop, ShopState, shop_domain
from app.web.doors import Refused as Shut
from app.web.problems import problem
from app.wiring.web import Web

if TYPE_CHECKING:
    from app.core.sources.report import Report
    from app.ports.sources import BadRow, RawRow

SHOP: Final = "Attune-Shop"
SIGNATURE: Final = "Attune-Signature"
LARGEST_BODY: Final = 1024 * 1024
MOST_LEVELS: Final = 5000
TOLERANCE_S: Final = 300
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
FIELDS: Final = {"sku": "item", "item": "item", "location": "location", "available": "available", "at": "time"}


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("inventory", __name__)

    @routes.post("/inventory")
    def take() -> Response:
        from app.services.take_in_counts import take_in_counts  # Late: few processes are ever posted counts.

        request.max_content_length = LARGEST_BODY
        content = request.get_data(cache=False)
        shop = door(wiring, content)
        now = wiring.clock.now()
        return _answer(take_in_counts(shop.id, _rows(content), content=content, now=now, ports=wiring.taking_stock))

    return routes


def signature(secret: bytes, moment: int, content: bytes) -> str:
    """The value of the signature's header: ``t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hexadecimal>``."""
    return f"t={moment},v1={hmac.digest(secret, f'{moment}.'.encode() + content, 'sha256').hex()}"


def door(wiring: Web, content: bytes) -> Shop:
    """The shop whose secret has signed the body.

    Raises:
        Shut: 401: the shop is unknown, has no secret, or the signature is wrong or older than five minutes.
    """
    try:
        shop = wiring.known_shops.by_domain(shop_domain(request.headers.get(SHOP, "")))
    except ValueError:
        shop = None
    secret = wiring.stock_keys.secret(shop.id) if shop and shop.state is ShopState.INSTALLED else None
    said = _SIGNATURE.fullmatch(request.headers.get(SIGNATURE, ""))
    if shop is None or secret is None or said is None:
        raise Shut(problem(401, f"name the shop in {SHOP} and sign with its secret in {SIGNATURE}"))
    if not hmac.compare_digest(signature(secret, int(said[1]), content), said[0]):
        raise Shut(problem(401, "the signature is not that of this body"))
    # Signatures live by wall time, whatever time it is in the store.
    if abs(time.time() - int(said[1])) > TOLERANCE_S:
        raise Shut(problem(401, "the signature is older than five minutes, or from the future"))
    return shop


def _rows(content: bytes) -> list[RawRow | BadRow]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Shut(problem(400, "the body is not JSON")) from None
    levels = body.get("levels") if isinstance(body, dict) else None
    if not isinstance(levels, list) or len(levels) > MOST_LEVELS:
        raise Shut(problem(400, f"levels must be a list of at most {MOST_LEVELS:,} counts"))
    return [_row(number, level) for number, level in enumerate(levels, start=1)]


def _row(number: int, level: object) -> RawRow | BadRow:
    from app.core.sources.report import Reason, Refused
    from app.ports.sources import BadRow, RawRow

    if not isinstance(level, Mapping):
        return BadRow(number, Refused(Reason.SHAPE, "it is no JSON object"))
    raw: dict[str, Any] = {FIELDS[name]: _text(value) for name, value in level.items() if name in FIELDS}
    lacking = [name for name in ("item", "available") if not raw.get(name)]
    if lacking:
        return BadRow(number, Refused(Reason.MISSING, f"“{'sku' if 'item' in lacking else 'available'}” is empty"))
    return RawRow(number, raw)


def _text(value: object) -> str:
    """Numbers and texts as texts; whatever else is as nothing."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _answer(report: Report) -> Response:
    """200 when every count was understood; otherwise a problem document that says what was kept nevertheless."""
    told = report.as_json()
    counts = {name: told[name] for name in ("taken", "changed", "again", "let_go", "unmatched", "strangers")}
    if not report.refused:
        return Response(orjson.dumps(counts), status=200, mimetype="application/json")
    refused = sum(report.refused.values())
    return problem(
        400,
        f"{refused} of {report.rows} counts were refused; the others are kept",
        **counts,
        refused=told["refused"],
        problems=told["problems"],
    )
