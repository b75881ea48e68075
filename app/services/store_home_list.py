"""The home rail's list in the installation's app-data metafields: what Liquid shows without JavaScript or consent.

Liquid finds products by handle there (`all_products`), so handles are what is stored. What stands in the store is read
first, and only a list that changed is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from app.core.recommend.types import ReasonCode
from app.errors import Permanent
from app.ports import AdminApi, Json

NAMESPACE: Final = "attune"
KEY: Final = "home"


def store_home_list(api: AdminApi, handles: Sequence[str]) -> bool:
    """Bring ``app.metafields.attune.home`` to these handles, or remove it when there are none; whether it changed.

    Raises:
        Permanent: Shopify refuses the list.
    """
    installation = api.run("home_list", {"namespace": NAMESPACE, "key": KEY})["currentAppInstallation"]
    standing = installation["metafield"]
    own: Json = {"ownerId": installation["id"], "namespace": NAMESPACE, "key": KEY}
    if not handles:
        if standing is not None:
            _accepted(api.run("delete_metafields", {"metafields": [own]})["metafieldsDelete"])
        return standing is not None
    value = {"reason": ReasonCode.TRENDING.value, "handles": list(handles)}
    if standing is not None and _read(standing["value"]) == value:
        return False
    metafield = {**own, "type": "json", "value": orjson.dumps(value).decode()}
    _accepted(api.run("set_metafields", {"metafields": [metafield]})["metafieldsSet"])
    return True


def _read(text: str) -> object:
    """Shopify writes JSON in its own way, so values are compared, not texts."""
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def _accepted(answer: Json) -> None:
    if answer["userErrors"]:
        raise Permanent(f"Shopify refused the home page's list: {answer['userErrors'][0]['message']}")
