"""Segments of Shopify's own that find the members of ours: made when the merchant asks, deleted with the switch.

Shopify numbers a name that is taken, so before one is made it is looked for: a run that was killed between making it
and noting its id must not make a second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from app.core.segments.outlets import Outlet, handle_of, query_of
from app.core.segments.outlets_audiences import BY_KEY
from app.core.shops import Shop
from app.ports import AdminApi
from app.ports.outlets import Outlets, Switch
from app.ports.segments import SegmentRegister

PREFIX: Final = "Attune: "
GONE: Final = "does not exist"


def tell_natives(
    shop: Shop, api: AdminApi, switches: Sequence[Switch], outlets: Outlets, register: SegmentRegister, *, is_on: bool
) -> int:
    """Make what is wanted and delete what no longer is; without metafields nothing can be found, so all go.

    Returns:
        How many were made or deleted.
    """
    changed = 0
    for switch in switches:
        if switch.outlet not in (Outlet.NATIVE, Outlet.AUDIENCE):
            continue
        named = _named(shop, switch, register)
        if is_on and switch.wanted and named is not None:
            changed += not switch.shopify_id and _make(shop, api, switch, named, outlets)
        else:
            changed += _delete(shop, api, switch, outlets)
    return changed


def _named(shop: Shop, switch: Switch, register: SegmentRegister) -> tuple[str, str] | None:
    """Name and query; None where the segment was deleted meanwhile."""
    if switch.outlet is Outlet.AUDIENCE:
        audience = BY_KEY.get(switch.key)
        return None if audience is None else (f"{PREFIX}{audience.title} (ads)", query_of(audience.handle))
    segment = register.one(shop.id, switch.segment)
    if segment is None:
        return None
    return PREFIX + segment.name, query_of(handle_of(segment.id, segment.key))


def _make(shop: Shop, api: AdminApi, switch: Switch, named: tuple[str, str], outlets: Outlets) -> bool:
    name, query = named
    found = _found(api, name, query)
    if found is None:
        answer = api.run("create_segment", {"name": name, "query": query})["segmentCreate"]
        if answer["userErrors"]:
            outlets.refused(shop.id, switch, _complaint(answer))
            return False
        found = answer["segment"]["id"]
    outlets.made(shop.id, switch, found)
    return True


def _found(api: AdminApi, name: str, query: str) -> str | None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    nodes = api.run("segments_named", {"named": f'name:"{quoted}"'})["segments"]["nodes"]
    return next((str(node["id"]) for node in nodes if (node["name"], node["query"]) == (name, query)), None)


def _delete(shop: Shop, api: AdminApi, switch: Switch, outlets: Outlets) -> bool:
    if switch.shopify_id:
        answer = api.run("delete_segment", {"id": switch.shopify_id})["segmentDelete"]
        if answer["userErrors"] and GONE not in _complaint(answer):
            outlets.refused(shop.id, switch, _complaint(answer))
            return False
    outlets.gone(shop.id, switch)
    return bool(switch.shopify_id)


def _complaint(answer: dict[str, Any]) -> str:
    return "; ".join(str(error["message"]) for error in answer["userErrors"])
