"""Lines of bulk exports as records. The export's documents stand beside this file in ``queries/``.

A line says what it is by ``__typename``; a child names its parent by ``__parentId``. Anything that does not fit is a
ValueError, KeyError or TypeError, which the importer notes with the line's number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.core.ids import number_of
from app.core.money import minor_units
from app.core.records import (
    CollectionRecord,
    Contact,
    CustomerRecord,
    IdRecord,
    LineRecord,
    MemberRecord,
    OrderRecord,
    ProductRecord,
    Record,
    RefundRecord,
    StockRecord,
    VariantRecord,
    clicked,
)

Raw = Mapping[str, Any]


class BulkLines:
    """Parses the lines of one shop's exports.

    Args:
        currency: the shop's currency; the prices of variants do not name theirs.
    """

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._parsers: dict[str, Callable[[Raw], Record | None]] = {
            "Product": self._product,
            "ProductVariant": self._variant,
            "Collection": _collection,
            "Customer": _customer,
            "Order": _order,
            "LineItem": self._line,
            "InventoryItem": _nothing,
            "InventoryLevel": _stock,
        }

    def parse(self, raw: Raw) -> Record | None:
        """The record of one line; None for a line that only stands for its children.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: the line does not fit its kind.
        """
        return self._parsers[raw["__typename"]](raw)

    def _product(self, raw: Raw) -> ProductRecord | MemberRecord:
        if "__parentId" in raw:
            return MemberRecord(number_of(raw["__parentId"]), number_of(raw["id"]))
        media = raw["featuredMedia"]
        image = media["preview"]["image"] if media and media.get("preview") else None
        return ProductRecord(
            id=number_of(raw["id"]),
            handle=raw["handle"],
            title=raw["title"],
            vendor=raw["vendor"] or "",
            product_type=raw["productType"] or "",
            tags=tuple(raw["tags"]),
            status=raw["status"],
            published=raw["publishedAt"] is not None,
            is_gift_card=raw["isGiftCard"],
            image_url=image["url"] if image else "",
            created_at=_time(raw["createdAt"]),
            updated_at=datetime.fromisoformat(raw["updatedAt"]),
        )

    def _variant(self, raw: Raw) -> VariantRecord:
        item = raw["inventoryItem"]
        return VariantRecord(
            id=number_of(raw["id"]),
            product_id=number_of(raw["__parentId"]),
            title=raw["title"],
            sku=raw["sku"] or "",
            price=minor_units(raw["price"], self._currency),
            inventory_item_id=number_of(item["id"]),
            quantity=raw["inventoryQuantity"] or 0,
            tracked=item["tracked"],
            oversell=raw["inventoryPolicy"] == "CONTINUE",
            position=raw["position"],
            updated_at=_time(raw["updatedAt"]),
        )

    def _line(self, raw: Raw) -> LineRecord:
        # Shop money is in the shop's currency, which is the order's currencyCode too.
        currency = self._currency
        product, variant = raw["product"], raw["variant"]
        properties = raw["customAttributes"]
        request_id, position = clicked({p["key"]: p["value"] for p in properties}) if properties else (None, None)
        return LineRecord(
            number_of(raw["id"]),
            number_of(raw["__parentId"]),
            number_of(product["id"]) if product else None,
            number_of(variant["id"]) if variant else None,
            raw["quantity"],
            raw["currentQuantity"],
            _shop_money(raw["originalUnitPriceSet"], currency),
            sum(_shop_money(part["allocatedAmountSet"], currency) for part in raw["discountAllocations"]),
            request_id,
            position,
        )


def parse_id(raw: Raw) -> IdRecord:
    """The record of a line of an export of ids."""
    return IdRecord(number_of(raw["id"]), _time(raw.get("createdAt")), datetime.fromisoformat(raw["updatedAt"]))


def _collection(raw: Raw) -> CollectionRecord:
    return CollectionRecord(number_of(raw["id"]), raw["handle"], raw["title"], datetime.fromisoformat(raw["updatedAt"]))


def _customer(raw: Raw) -> CustomerRecord:
    email = raw["defaultEmailAddress"]
    spent = raw["amountSpent"]
    return CustomerRecord(
        id=number_of(raw["id"]),
        contact=_customer_contact(raw) if "defaultAddress" in raw else None,
        orders_count=int(raw["numberOfOrders"]),
        amount_spent=minor_units(spent["amount"], spent["currencyCode"]),
        email_marketing=email["marketingState"] if email else "",
        opted_out=raw["dataSaleOptOut"],
        tags=tuple(raw["tags"]),
        created_at=_time(raw["createdAt"]),
        updated_at=datetime.fromisoformat(raw["updatedAt"]),
    )


def _customer_contact(raw: Raw) -> Contact:
    email, phone = raw["defaultEmailAddress"], raw["defaultPhoneNumber"]
    return Contact(
        name=_name(raw),
        email=email["emailAddress"] if email else None,
        phone=phone["phoneNumber"] if phone else None,
        address=_address(raw["defaultAddress"]),
    )


def _order(raw: Raw) -> OrderRecord:
    currency = raw["currencyCode"]
    customer = raw["customer"]
    order_id = number_of(raw["id"])
    return OrderRecord(
        order_id,
        raw["name"],
        number_of(customer["id"]) if customer else None,
        _order_contact(raw) if "shippingAddress" in raw else None,
        currency,
        _shop_money(raw["totalPriceSet"], currency),
        _shop_money(raw["totalDiscountsSet"], currency),
        _shop_money(raw["totalRefundedSet"], currency),
        tuple(raw["discountCodes"]),
        raw["sourceName"] or "",
        raw["test"],
        datetime.fromisoformat(raw["createdAt"]),
        datetime.fromisoformat(raw["updatedAt"]),
        _time(raw["cancelledAt"]),
        raw["subtotalLineItemsQuantity"],
        (),
        tuple(_refund(part, order_id, currency) for part in raw["refunds"]),
    )


def _order_contact(raw: Raw) -> Contact:
    address = raw["shippingAddress"]
    return Contact(_name(address) if address else None, raw["email"], raw["phone"], _address(address))


def _refund(raw: Raw, order_id: int, currency: str) -> RefundRecord:
    created = datetime.fromisoformat(raw["createdAt"])
    return RefundRecord(number_of(raw["id"]), order_id, _shop_money(raw["totalRefundedSet"], currency), created, None)


def _stock(raw: Raw) -> StockRecord:
    available = raw["quantities"][0]
    return StockRecord(
        inventory_item_id=number_of(raw["__parentId"]),
        location_id=number_of(raw["location"]["id"]),
        available=available["quantity"],
        updated_at=_time(available["updatedAt"]),
    )


def _name(raw: Raw) -> str | None:
    return f"{raw['firstName'] or ''} {raw['lastName'] or ''}".strip() or None


def _address(raw: Raw | None) -> dict[str, str | None] | None:
    if raw is None:
        return None
    return {
        "address1": raw["address1"],
        "address2": raw["address2"],
        "city": raw["city"],
        "province": raw["province"],
        "zip": raw["zip"],
        "country": raw["countryCodeV2"],
    }


def _shop_money(bag: Raw | None, currency: str) -> int:
    return minor_units(bag["shopMoney"]["amount"], currency) if bag else 0


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _nothing(_: Raw) -> None:
    """Only the item's levels say something."""
