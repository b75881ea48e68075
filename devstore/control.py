"""``/_dev``: what tests and the demo do to the shop, as its owner, its shoppers, or its bad luck.

Money in these bodies is in minor units and ids are numeric, as in `devstore.model`; answers have the shapes of
webhooks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from devstore.admin_api.breaking import add_faults
from devstore.admin_api.cost import Bucket
from devstore.clock import iso
from devstore.faults import MODES, Fault, Faults
from devstore.installation import Installation
from devstore.jwt import mint_id_token
from devstore.options import COMPLIANCE_TOPICS, Options
from devstore.payloads import Payloads
from devstore.store import NewLine, SoldOut, Store, Unknown
from devstore.webhooks import Webhooks

FLUSH_LIMIT_S = 30.0


def blueprint(
    store: Store, options: Options, installation: Installation, webhooks: Webhooks, faults: Faults, bucket: Bucket
) -> Blueprint:
    routes = Blueprint("control", __name__, url_prefix="/_dev")
    add_faults(routes, faults, bucket)
    _errors(routes)
    _clock(routes, store)
    _faults(routes, faults, bucket)
    _webhooks(routes, webhooks)
    _orders(routes, store, Payloads(store, options))
    _catalogue(routes, store, Payloads(store, options))
    _people(routes, store, Payloads(store, options))
    _app(routes, store, options, installation)

    @routes.get("/state")
    def state() -> ResponseReturnValue:
        return {
            "now": iso(store.clock.now()),
            "shop": options.shop_domain,
            "installed": installation.installed,
            "scopes": sorted(installation.scopes),
            "counts": {
                "products": len(store.products),
                "collections": len(store.collections),
                "customers": len(store.customers),
                "orders": len(store.orders),
            },
            "webhooks": webhooks.counts(),
            "faults": faults.planned(),
            "web_pixel": store.web_pixel and {"id": store.web_pixel.id, "settings": store.web_pixel.settings},
        }

    return routes


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _errors(routes: Blueprint) -> None:
    @routes.errorhandler(Unknown)
    def unknown(error: Unknown) -> ResponseReturnValue:
        return {"error": str(error)}, 404

    @routes.errorhandler(SoldOut)
    @routes.errorhandler(ValueError)
    @routes.errorhandler(TypeError)
    @routes.errorhandler(KeyError)
    def refused(error: Exception) -> ResponseReturnValue:
        return {"error": f"{type(error).__name__}: {error}"}, 422


def _clock(routes: Blueprint, store: Store) -> None:
    @routes.get("/clock")
    def read_clock() -> ResponseReturnValue:
        return {"now": store.clock.now().isoformat()}

    @routes.post("/clock")
    def advance_clock() -> ResponseReturnValue:
        return {"now": store.clock.advance(float(_body()["advance_s"])).isoformat()}


def _faults(routes: Blueprint, faults: Faults, bucket: Bucket) -> None:
    @routes.post("/faults")
    def add_faults() -> ResponseReturnValue:
        body = _body()
        if unknown := set(body) - set(MODES):
            raise ValueError(f"no faults of {sorted(unknown)}")
        for kind, given in body.items():
            faults.add(kind, _fault(given))
        return {"added": True}

    @routes.delete("/faults")
    def clear_faults() -> ResponseReturnValue:
        faults.clear()
        return {"cleared": True}

    @routes.post("/throttle")
    def throttle() -> ResponseReturnValue:
        body = _body()
        bucket.configure(
            float(body.get("maximum", 2000)), float(body.get("restore_rate", 100)), float(body.get("factor", 1))
        )
        return dict(bucket.status())


def _fault(given: dict[str, Any]) -> Fault:
    return Fault(**{**given, "topics": tuple(given.get("topics", ()))})


def _webhooks(routes: Blueprint, webhooks: Webhooks) -> None:
    @routes.get("/webhooks")
    def delivery_log() -> ResponseReturnValue:
        return webhooks.log()

    @routes.post("/webhooks/flush")
    def flush_deliveries() -> ResponseReturnValue:
        limit = min(float(_body().get("timeout_s", FLUSH_LIMIT_S)), FLUSH_LIMIT_S)
        return {"flushed": webhooks.flush(limit), **webhooks.counts()}


def _orders(routes: Blueprint, store: Store, payloads: Payloads) -> None:
    @routes.post("/orders")
    def place_order() -> ResponseReturnValue:
        body = _body()
        order = store.place_order(
            [_line(line) for line in body["lines"]],
            customer_id=body.get("customer_id"),
            email=body.get("email"),
            discount_code=body.get("discount_code"),
            discount_codes=body.get("discount_codes", ()),
            cart_token=body.get("cart_token"),
            webhooks=body.get("webhooks", True),
        )
        return payloads.order(order), 201

    @routes.post("/refunds")
    def refund_order() -> ResponseReturnValue:
        body = _body()
        lines = [(int(line["line_id"]), int(line["quantity"])) for line in body["lines"]]
        made = store.refund(int(body["order_id"]), lines)
        return payloads.refund(store.orders[int(body["order_id"])], made), 201

    @routes.post("/orders/<int:order_id>/edit")
    def edit_order(order_id: int) -> ResponseReturnValue:
        return payloads.order(store.edit_order(order_id, [_line(line) for line in _body()["lines"]]))

    @routes.post("/orders/<int:order_id>/cancel")
    def cancel_order(order_id: int) -> ResponseReturnValue:
        return payloads.order(store.cancel_order(order_id))

    @routes.delete("/orders/<int:order_id>")
    def delete_order(order_id: int) -> ResponseReturnValue:
        store.delete_order(order_id)
        return {"deleted": order_id}


def _line(given: dict[str, Any]) -> NewLine:
    return NewLine(int(given["variant_id"]), int(given.get("quantity", 1)), dict(given.get("properties", {})))


def _catalogue(routes: Blueprint, store: Store, payloads: Payloads) -> None:
    @routes.post("/products")
    def create_product() -> ResponseReturnValue:
        return payloads.product(store.create_product(**_dated(_body()))), 201

    @routes.patch("/products/<int:product_id>")
    def update_product(product_id: int) -> ResponseReturnValue:
        return payloads.product(store.update_product(product_id, **_dated(_body())))

    @routes.delete("/products/<int:product_id>")
    def delete_product(product_id: int) -> ResponseReturnValue:
        store.delete_product(product_id)
        return {"deleted": product_id}

    @routes.post("/inventory")
    def inventory() -> ResponseReturnValue:
        body = _body()
        return payloads.inventory_level(store.set_inventory(int(body["variant_id"]), int(body["quantity"])))

    @routes.post("/collections")
    def create_collection() -> ResponseReturnValue:
        return payloads.collection(store.create_collection(**_body())), 201

    @routes.patch("/collections/<int:collection_id>")
    def update_collection(collection_id: int) -> ResponseReturnValue:
        return payloads.collection(store.update_collection(collection_id, **_body()))

    @routes.delete("/collections/<int:collection_id>")
    def delete_collection(collection_id: int) -> ResponseReturnValue:
        store.delete_collection(collection_id)
        return {"deleted": collection_id}


def _dated(body: dict[str, Any]) -> dict[str, Any]:
    if isinstance(body.get("published_at"), str):
        body["published_at"] = datetime.fromisoformat(body["published_at"])
    return body


def _people(routes: Blueprint, store: Store, payloads: Payloads) -> None:
    @routes.post("/customers")
    def create_customer() -> ResponseReturnValue:
        return payloads.customer(store.create_customer(**{"email": None, **_body()})), 201

    @routes.patch("/customers/<int:customer_id>")
    def update_customer(customer_id: int) -> ResponseReturnValue:
        return payloads.customer(store.update_customer(customer_id, **_body()))

    @routes.delete("/customers/<int:customer_id>")
    def delete_customer(customer_id: int) -> ResponseReturnValue:
        store.delete_customer(customer_id)
        return {"deleted": customer_id}

    @routes.post("/customers/<int:customer_id>/merge")
    def merge_customers(customer_id: int) -> ResponseReturnValue:
        """Merge another customer, `gone`, into this one."""
        body = _body()
        store.merge_customers(customer_id, int(body["gone"]), status=str(body.get("status", "completed")))
        return {"kept": customer_id}

    @routes.post("/compliance")
    def compliance() -> ResponseReturnValue:
        body = _body()
        topic = body.get("topic")
        if topic not in COMPLIANCE_TOPICS:
            raise ValueError(f"the compliance topics are {', '.join(COMPLIANCE_TOPICS)}")
        customer = None if topic == "shop/redact" else store.customers.get(int(body["customer_id"]))
        if customer is None and topic != "shop/redact":
            raise Unknown(f"no customer {body['customer_id']}")
        with store.lock:
            store.emit(topic, customer)
        return {"sent": topic}


def _app(routes: Blueprint, store: Store, options: Options, installation: Installation) -> None:
    @routes.get("/flow")
    def flow() -> ResponseReturnValue:
        return {"received": list(store.flow)}

    @routes.post("/uninstall")
    def uninstall() -> ResponseReturnValue:
        # First the tokens die, then the app is told: what it still wants to do in the store, it no longer can.
        installation.uninstall()
        with store.lock:
            store.drop_app_data()
            store.emit("app/uninstalled", None)
        return {"installed": False}

    @routes.post("/scopes")
    def scopes() -> ResponseReturnValue:
        previous, current = sorted(installation.scopes), sorted(set(_body()["granted"]))
        installation.scopes = set(current)
        with store.lock:
            store.emit("app/scopes_update", (previous, current))
        return {"previous": previous, "current": current}

    @routes.post("/tokens/expire")
    def expire_tokens() -> ResponseReturnValue:
        installation.expire(refresh=bool(_body().get("refresh", False)))
        return {"expired": True}

    @routes.get("/metafields")
    def metafields() -> ResponseReturnValue:
        held = store.metafields(request.args["owner"])
        return [{"namespace": m.namespace, "key": m.key, "type": m.type, "value": m.value} for m in held.values()]

    @routes.get("/id-token")
    def id_token() -> ResponseReturnValue:
        return {"id_token": mint_id_token(options, user_id=request.args.get("user", 1, type=int))}
