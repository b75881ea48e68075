"""What the merchant decides about outside stock: whose count wins, for which product and location, and the secret."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.core.ids import ProductId
from app.core.sources.contract import Source
from app.core.sources.outside_stock import ANY_PRODUCT, StockRule, Winner, location_of
from app.web import doors
from app.web.admin.data import PATH
from app.web.admin.see_other import see_other
from app.web.problems import problem
from app.wiring.web import Web

HERE = f"{PATH}/{Source.STOCK}"


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("data_stock", __name__)

    @routes.post(f"{HERE}/rule")
    def rule() -> Response:
        shop = doors.admin().shop
        winner, item = request.form.get("winner", ""), request.form.get("product", "").strip()
        if winner not in set(Winner):
            return problem(400, "choose whose count wins", field="winner")
        product = ANY_PRODUCT
        if item:
            known = wiring.source_keys.products(shop.id, [item])
            if item not in known:
                return problem(400, "no product has this SKU or number", field="product")
            product = known[item][0]
        location = location_of(request.form.get("location", "")) or None
        wiring.stock_rules.put(shop.id, StockRule(Winner(winner), product, location))
        return see_other(HERE)

    @routes.post(f"{HERE}/rule/remove")
    def remove() -> Response:
        shop = doors.admin().shop
        text = request.form.get("product", "0")
        product = ProductId(int(text)) if text.isdecimal() else ANY_PRODUCT
        location = request.form.get("location") or None
        wiring.stock_rules.remove(shop.id, StockRule(Winner.LOWER, product, location))
        return see_other(HERE)

    @routes.post(f"{HERE}/secret")
    def secret() -> Response:
        wiring.stock_keys.renew(doors.admin().shop.id, at=wiring.clock.now())
        return see_other(HERE)

    return routes
