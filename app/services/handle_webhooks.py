"""The handlers of the topics about the installation and about privacy; data topics have a service of their own.

Payloads are Shopify's; a field that is missing is a delivery that cannot be understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.ids import CustomerId, OrderId
from app.errors import Permanent
from app.ports import Access, Credentials, DueWork, Inbox, Jobs
from app.services import erase_customer, erase_shop, export_customer, uninstall_shop
from app.services.connect_pixel import ask_for_pixel
from app.services.process_webhook import Handler, Message


@dataclass(frozen=True, slots=True)
class Ports:
    uninstall: uninstall_shop.Ports
    credentials: Credentials
    due: DueWork
    jobs: Jobs
    inbox: Inbox
    erase_customer: erase_customer.Ports
    erase_shop: erase_shop.Ports
    export_customer: export_customer.Ports


def handlers(ports: Ports) -> Mapping[str, Handler]:
    """The handlers by topic."""
    return {
        "app/uninstalled": lambda message: _uninstalled(message, ports),
        "app/scopes_update": lambda message: _scopes_changed(message, ports),
        "customers/data_request": lambda message: _export(message, ports),
        "customers/redact": lambda message: _erase_customer(message, ports),
        "shop/redact": lambda message: _erase_shop(message, ports),
    }


def _uninstalled(message: Message, ports: Ports) -> None:
    uninstall_shop.uninstall_shop(message.shop, message.triggered_at, ports.uninstall)


def _scopes_changed(message: Message, ports: Ports) -> None:
    current = message.payload.get("current")
    if not isinstance(current, list):
        raise Permanent("app/scopes_update without the current scopes")
    if message.triggered_at and ports.inbox.is_overtaken(message.shop, message.topic, message.triggered_at):
        return
    ports.credentials.set_scopes(message.shop, ",".join(str(scope) for scope in current))
    # What was waiting for the merchant's approval can go on now, and what was taken away must be known.
    ask_for_pixel(message.shop, ports.due, ports.jobs)


def _export(message: Message, ports: Ports) -> None:
    export_customer.export_customer(
        message.shop,
        _customer(message.payload),
        request_id=message.webhook_id,
        access=Access("Shopify", "The customer asked what is held"),
        orders=_orders(message.payload, "orders_requested"),
        email=_email(message.payload),
        ports=ports.export_customer,
    )


def _erase_customer(message: Message, ports: Ports) -> None:
    erase_customer.erase_customer(
        message.shop,
        _customer(message.payload),
        request_id=message.webhook_id,
        orders=_orders(message.payload, "orders_to_redact"),
        email=_email(message.payload),
        ports=ports.erase_customer,
    )


def _erase_shop(message: Message, ports: Ports) -> None:
    erase_shop.erase_shop(message.shop, request_id=message.webhook_id, ports=ports.erase_shop)


def _customer(payload: Mapping[str, Any]) -> CustomerId:
    """The customer's id; 0 for a guest, who has only orders."""
    customer = payload.get("customer")
    if not isinstance(customer, Mapping):
        raise Permanent("a privacy request without a customer")
    number = customer.get("id") or 0
    if not isinstance(number, int):
        raise Permanent("a privacy request whose customer id is no number")
    return CustomerId(number)


def _email(payload: Mapping[str, Any]) -> str | None:
    """The address that a privacy request names; it is used for finding, and stored nowhere."""
    email = payload["customer"].get("email")
    return email if isinstance(email, str) and email else None


def _orders(payload: Mapping[str, Any], name: str) -> list[OrderId]:
    numbers = payload.get(name) or []
    if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
        raise Permanent(f"{name} is no list of order ids")
    return [OrderId(number) for number in numbers]
