"""Markets and languages."""

from __future__ import annotations

from decimal import Decimal

from tests.devstore.core.shop import Shop, make


def shop() -> Shop:
    return make(scopes="read_markets,read_locales").install()


def test_a_shop_has_its_own_market_and_one_abroad() -> None:
    found = shop().data(
        """{ markets(first: 5, sortKey: ID) { nodes { handle status type primary
           currencySettings { baseCurrency { currencyCode manualRate } }
           conditions { conditionTypes regionsCondition { regions(first: 5) { nodes { ... on MarketRegionCountry {
             code currency { currencyCode } } } } } }
           webPresences(first: 5) { nodes { subfolderSuffix defaultLocale { locale }
             rootUrls { locale url } } } } } }"""
    )["markets"]["nodes"]
    assert [(m["handle"], m["primary"]) for m in found] == [("home", True), ("germany", False)]
    abroad = found[1]
    assert abroad["currencySettings"]["baseCurrency"] == {"currencyCode": "EUR", "manualRate": "1.17"}
    assert [r["code"] for r in abroad["conditions"]["regionsCondition"]["regions"]["nodes"]] == ["DE", "AT"]
    assert abroad["webPresences"]["nodes"] == [
        {"subfolderSuffix": "de", "defaultLocale": {"locale": "de"},
         "rootUrls": [{"locale": "de", "url": "https://tiny.myshopify.com/de/"}]},
    ]  # fmt: skip


def test_the_storefront_reads_the_same_markets() -> None:
    home, abroad = shop().store.markets
    assert (home.currency, home.rate, home.root, home.locale) == ("GBP", Decimal(1), "", "en")
    assert (abroad.currency, abroad.root, abroad.locale, abroad.countries[0]) == ("EUR", "/de", "de", "DE")
    assert [home.primary, abroad.primary] == [True, False]


def test_one_market_and_the_primary_one_are_found() -> None:
    opened = shop()
    gid = f"gid://shopify/Market/{opened.store.markets[1].id}"
    found = opened.data("query($id: ID!) { market(id: $id) { name } primaryMarket { name } }", {"id": gid})
    assert found == {"market": {"name": "Germany"}, "primaryMarket": {"name": "Home"}}


def test_the_languages_are_those_of_the_markets() -> None:
    found = shop().data("{ shopLocales { locale name primary published } }")["shopLocales"]
    assert found == [
        {"locale": "en", "name": "English", "primary": True, "published": True},
        {"locale": "de", "name": "German", "primary": False, "published": True},
    ]


def test_markets_need_their_scope() -> None:
    body = make(scopes="read_products").install().answer("{ markets(first: 1) { nodes { id } } }")
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
