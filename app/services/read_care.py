"""Read from the store what mails can say of the care of products: its blog articles, and the metafields picked.

Reading articles takes an optional permission; without it metafields are read all the same. What a mail shows is as old
as the last reading: that of last night, or of the merchant's last choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app import jobs
from app.core.email.care import BadPick, Care, CarePick, CareSource, metafield_name, of_metafield, plain, shortened
from app.core.ids import ProductId, ShopId, gid, number_of
from app.core.shops import Shop
from app.errors import AccessDenied
from app.ports import AdminApi, AdminApis, Clock, DueWork, Jobs
from app.ports.care import Article, CareReading, CareShelf

MOST_ARTICLES: Final = 500
"""The newest; a choice of more than that is none."""
PRODUCTS_A_CALL: Final = 100
NO_ACCESS: Final = "Shopify has not given Attune access to your blog."


@dataclass(frozen=True, slots=True)
class Ports:
    care: CareShelf
    admin: AdminApis
    clock: Clock


@dataclass(frozen=True, slots=True)
class AskPorts:
    """What the page needs."""

    care: CareShelf
    due: DueWork
    jobs: Jobs


def ask(shop: ShopId, ports: AskPorts) -> None:
    """Have it read anew."""
    ports.due.put(shop, jobs.CARE_DUE)
    ports.jobs.enqueue(jobs.READ_CARE, shop)


def pick_care(shop: ShopId, product_type: str, article: str, metafield: str, ports: AskPorts) -> None:
    """Keep the merchant's choice for a product type, and have its metafield read where it is one.

    Args:
        article: the number of one of the store's articles; empty for a metafield.

    Raises:
        BadPick: there is no such type or article, or no metafield can have that name.
    """
    if product_type not in ports.care.types(shop):
        raise BadPick("choose one of your product types", "product_type")
    if article:
        if article not in {str(one.id) for one in ports.care.articles(shop)}:
            raise BadPick("choose one of your articles; this one may be gone", "article")
        ports.care.pick(shop, CarePick(product_type, CareSource.ARTICLE, article))
        return
    ports.care.pick(shop, CarePick(product_type, CareSource.METAFIELD, ".".join(metafield_name(metafield))))
    ask(shop, ports)


def read_care(shop: Shop, ports: Ports) -> CareReading:
    """Read articles and metafields, and keep them in place of what was kept.

    Raises:
        Permanent: there is no usable token; what was read last stays.
        Retryable: Shopify can't be reached.
    """
    api, trouble = ports.admin.of(shop), ""
    # Shopify is asked, not what was noted of its scopes: the note of a permission just given may be under way.
    try:
        ports.care.keep_articles(shop.id, _articles(api))
    except AccessDenied:
        trouble = NO_ACCESS
    ports.care.keep_texts(shop.id, _texts(shop, api, ports))
    reading = CareReading(ports.clock.now(), trouble)
    ports.care.was_read(shop.id, reading)
    return reading


def _articles(api: AdminApi) -> list[Article]:
    found: list[Article] = []
    after: str | None = None
    while len(found) < MOST_ARTICLES:
        page = api.run("articles", {"after": after})["articles"]
        found += [_article(raw) for raw in page["nodes"] if raw["isPublished"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return found[:MOST_ARTICLES]


def _article(raw: dict[str, Any]) -> Article:
    said = plain(raw["summary"] or "") or plain(raw["body"])
    return Article(
        number_of(raw["id"]), raw["title"], f"/blogs/{raw['blog']['handle']}/{raw['handle']}", shortened(said)
    )


def _texts(shop: Shop, api: AdminApi, ports: Ports) -> dict[ProductId, Care]:
    found: dict[ProductId, Care] = {}
    for pick in ports.care.picks(shop.id):
        if pick.source is CareSource.METAFIELD:
            namespace, key = metafield_name(pick.ref)
            for some in _parts(ports.care.products(shop.id, pick.product_type)):
                asked = {"ids": [gid("Product", one) for one in some], "namespace": namespace, "key": key}
                found |= dict(_said(api.run("care_metafields", asked)["nodes"]))
    return found


def _said(nodes: Sequence[dict[str, Any] | None]) -> Iterator[tuple[ProductId, Care]]:
    for node in nodes:
        held = node.get("metafield") if node else None
        if node and held and (care := of_metafield(node["title"], held["type"], held["value"])):
            yield ProductId(number_of(node["id"])), care


def _parts(products: Sequence[ProductId]) -> Iterator[Sequence[ProductId]]:
    for first in range(0, len(products), PRODUCTS_A_CALL):
        yield products[first : first + PRODUCTS_A_CALL]
