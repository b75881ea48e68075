"""Webhook payloads as records. Shopify sends them in the shape of its former REST API: snake_case, numeric ids.

Fields that an app may not see come as null, and some fields only come in some API versions; a field that is missing is
None in the record, and what is stored stays. A payload that does not fit is a ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from app.core.money import minor_units
from app.core.records import (
    CollectionRecord,
    Contact,
    CustomerRecord,
    LineRecord,
    OrderRecord,
    ProductRecord,
    RefundLineRecord,
    RefundRecord,
    StockRecord,
    VariantRecord,
    clicked,
)

Raw = Mapping[str, Any]
P = ParamSpec("P")
R = TypeVar("R")


def _fits(parse: Callable[P, R]) -> Callable[P, R]:
    """Turn what a payload of another shape provokes into a ValueError that does not quote it."""

    @wraps(parse)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return parse(*args, **kwargs)
        except KeyError as error:
            raise ValueError(f"the payload lacks {error.args[0]!s:.40}") from None
        except (TypeError, AttributeError) as error:
            raise ValueError(f"the payload does not fit its topic ({type(error).__name__})") from None

    return checked


@_fits
def product(raw: Raw, currency: str) -> ProductRecord:
    """products/create, products/update. Variants' prices are in the shop's `currency`, which they don't name."""
    variants = raw["variants"]
    image = raw.get("image")
    return ProductRecord(
        id=_number(raw["id"]),
        handle=raw["handle"],
        title=raw["title"],
        vendor=raw.get("vendor") or "",
        product_type=raw.get("product_type") or "",
        tags=_tags(raw.get("tags")) or (),
        status=raw["status"].upper(),
        published=raw["published_at"] is not None,
        is_gift_card=raw.get("gift_card"),
        image_url=image["src"] if image else "",
        created_at=_time(raw.get("created_at")),
        updated_at=_moment(raw["updated_at"]),
        complete=len(variants) >= len(raw.get("variant_gids") or ()),
        variants=tuple(_variant(part, _number(raw["id"]), currency) for part in variants),
    )


def _variant(raw: Raw, product_id: int, currency: str) -> VariantRecord:
    return VariantRecord(
        id=_number(raw["id"]),
        product_id=product_id,
        title=raw.get("title") or "",
        sku=raw.get("sku") or "",
        price=minor_units(str(raw["price"]), currency),
        inventory_item_id=raw.get("inventory_item_id"),
        quantity=raw.get("inventory_quantity") or 0,
        tracked=raw["inventory_management"] is not None if "inventory_management" in raw else None,
        oversell=raw.get("inventory_policy") == "continue",
        position=raw.get("position") or 1,
        updated_at=_time(raw.get("updated_at")),
    )


@_fits
def collection(raw: Raw) -> CollectionRecord:
    """collections/create, collections/update. They don't say which products; the nightly export does."""
    return CollectionRecord(_number(raw["id"]), raw["handle"], raw["title"], _moment(raw["updated_at"]))


@_fits
def customer(raw: Raw) -> CustomerRecord:
    """customers/create, customers/update."""
    consent = raw.get("email_marketing_consent")
    spent, currency = raw.get("total_spent"), raw.get("currency") or ""
    return CustomerRecord(
        id=_number(raw["id"]),
        contact=_contact(
            raw, raw.get("default_address"), f"{raw.get('first_name') or ''} {raw.get('last_name') or ''}"
        ),
        orders_count=raw.get("orders_count"),
        amount_spent=None if spent is None else minor_units(str(spent), currency),
        email_marketing=consent["state"].upper() if consent else None,
        opted_out=raw.get("data_sale_opt_out"),
        tags=_tags(raw.get("tags")),
        created_at=_time(raw.get("created_at")),
        updated_at=_moment(raw["updated_at"]),
    )


@_fits
def order(raw: Raw) -> OrderRecord:
    """orders/create, orders/updated, orders/cancelled."""
    order_id, currency = _number(raw["id"]), raw["currency"]
    refunds = tuple(_refund(part, order_id, currency) for part in raw.get("refunds") or ())
    buyer, address = raw.get("customer"), raw.get("shipping_address")
    name = f"{address.get('first_name') or ''} {address.get('last_name') or ''}" if address else ""
    return OrderRecord(
        id=order_id,
        name=raw["name"],
        customer_id=_number(buyer["id"]) if buyer else None,
        contact=_contact(raw, address, name),
        currency=currency,
        total=minor_units(raw["total_price"], currency),
        discounts=minor_units(raw["total_discounts"], currency),
        refunded=sum(refund.amount for refund in refunds),
        discount_codes=tuple(part["code"] for part in raw.get("discount_codes") or ()),
        source_name=raw.get("source_name") or "",
        test=bool(raw.get("test")),
        created_at=_moment(raw["created_at"]),
        updated_at=_moment(raw["updated_at"]),
        cancelled_at=_time(raw.get("cancelled_at")),
        units=None,
        lines=tuple(_line(part, order_id, currency, refunds) for part in raw["line_items"]),
        refunds=refunds,
    )


def _line(raw: Raw, order_id: int, currency: str, refunds: tuple[RefundRecord, ...]) -> LineRecord:
    line_id = _number(raw["id"])
    request_id, position = clicked({part["name"]: part["value"] for part in raw.get("properties") or ()})
    current = raw.get("current_quantity")
    if current is None:
        returned = (part for refund in refunds for part in refund.lines or () if part.order_line_id == line_id)
        current = max(raw["quantity"] - sum(part.quantity for part in returned), 0)
    return LineRecord(
        id=line_id,
        order_id=order_id,
        product_id=raw.get("product_id"),
        variant_id=raw.get("variant_id"),
        quantity=raw["quantity"],
        current_quantity=current,
        unit_price=minor_units(raw["price"], currency),
        discount=sum(minor_units(part["amount"], currency) for part in raw.get("discount_allocations") or ()),
        request_id=request_id,
        position=position,
    )


@_fits
def refund(raw: Raw, currency: str) -> RefundRecord:
    """refunds/create; it may come before the order that it belongs to. `currency` is the shop's."""
    return _refund(raw, _number(raw["order_id"]), currency)


def _refund(raw: Raw, order_id: int, currency: str) -> RefundRecord:
    refund_id = _number(raw["id"])
    paid_back = (
        part["amount"]
        for part in raw.get("transactions") or ()
        if part.get("kind") == "refund" and part.get("status", "success") == "success"
    )
    return RefundRecord(
        id=refund_id,
        order_id=order_id,
        amount=sum(minor_units(str(amount), currency) for amount in paid_back),
        created_at=_moment(raw["created_at"]),
        lines=tuple(
            RefundLineRecord(
                id=_number(part["id"]),
                refund_id=refund_id,
                order_line_id=_number(part["line_item_id"]),
                quantity=part["quantity"],
                subtotal=minor_units(str(part["subtotal"]), currency),
            )
            for part in raw.get("refund_line_items") or ()
        ),
    )


@_fits
def stock(raw: Raw) -> StockRecord | None:
    """inventory_levels/update; None where the item's stock is not tracked."""
    if raw["available"] is None:
        return None
    return StockRecord(
        inventory_item_id=_number(raw["inventory_item_id"]),
        location_id=_number(raw["location_id"]),
        available=raw["available"],
        updated_at=_time(raw.get("updated_at")),
    )


@_fits
def deleted(raw: Raw) -> int:
    """The id of what products/delete, collections/delete, customers/delete or orders/delete is about."""
    return _number(raw["id"])


def _contact(raw: Raw, address: Raw | None, name: str) -> Contact | None:
    """The personal fields; None where the app sees none of them."""
    email, phone, full_name = raw.get("email"), raw.get("phone"), name.strip() or None
    if email is None and phone is None and address is None and full_name is None:
        return None
    return Contact(name=full_name, email=email, phone=phone, address=_address(address))


def _address(raw: Raw | None) -> dict[str, str | None] | None:
    if raw is None:
        return None
    fields = {name: raw.get(name) for name in ("address1", "address2", "city", "province", "zip")}
    return {**fields, "country": raw.get("country_code")}


def _tags(value: object) -> tuple[str, ...] | None:
    """Tags come as one text, separated by commas."""
    if value is None:
        return None
    return tuple(tag.strip() for tag in str(value).split(",") if tag.strip())


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError("the payload names something by an id that is not a number")
    return value


def _time(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("the payload has a time that is none") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
