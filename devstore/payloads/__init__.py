"""The bodies of webhooks, in the REST shapes that Shopify still sends: snake_case, numeric ids, money as strings.

Built at the moment of the change. Without level 2 of protected customer data, names, e-mails, phones and addresses are
null.
"""

from __future__ import annotations

from devstore.payloads.orders import OrderPayloads
from devstore.payloads.wire import Payload

__all__ = ["Payload", "Payloads"]


class Payloads(OrderPayloads):
    """Makes every body that carries a record of the store."""
