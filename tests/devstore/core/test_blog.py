"""Articles of the shop's blog: read through the Admin API with the right scope, and in the storefront."""

from __future__ import annotations

from devstore.worlds import build
from devstore.worlds.articles import care_articles
from tests.devstore.core.shop import NOW, Shop, make

QUERY = """{ articles(first: 10, sortKey: PUBLISHED_AT, reverse: true) {
    nodes { id title handle body summary isPublished publishedAt blog { handle title } } } }"""


def test_a_world_has_an_article_for_each_product_type_and_a_draft() -> None:
    world = build("small")
    kinds = {one.product_type for one in world.products if one.product_type and not one.is_gift_card}
    assert {one.title for one in world.articles} == {f"How to look after your {kind}" for kind in kinds}
    assert len({one.handle for one in world.articles}) == len(world.articles)
    assert sum(one.published_at is None for one in world.articles) == 1
    assert build("empty").articles == []


def opened(scopes: str) -> Shop:
    shop = make(scopes=scopes)
    articles = care_articles(build("small").products, NOW)
    shop.store.articles = {one.id: one for one in articles}
    return shop.install()


def test_articles_need_their_scope() -> None:
    [error] = opened("read_products").answer(QUERY)["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"


def test_articles_are_read_the_newest_first() -> None:
    nodes = opened("read_products,read_content").data(QUERY)["articles"]["nodes"]
    at = [node["publishedAt"] for node in nodes if node["isPublished"]]
    assert at == sorted(at, reverse=True)
    assert nodes[0]["blog"] == {"handle": "care", "title": "Care"}
    assert nodes[0]["body"].startswith("<p>")


def test_the_storefront_shows_what_is_published_and_no_draft() -> None:
    shop = opened("read_products,read_content")
    published = next(one for one in shop.store.articles.values() if one.published_at)
    draft = next(one for one in shop.store.articles.values() if not one.published_at)
    assert published.title in shop.client.get(f"/blogs/care/{published.handle}").text
    for path in (f"care/{draft.handle}", f"news/{published.handle}"):
        assert shop.client.get(f"/blogs/{path}").status_code == 404
