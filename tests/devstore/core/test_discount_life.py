"""The life of a code discount: changed, switched off, deleted, given many codes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devstore.core.offers import DISCOUNT_SCOPES, PRODUCT, UPDATE, add, buy, gets, read, refused
from tests.devstore.core.shop import Shop, make
from tests.patience import eventually


@pytest.fixture
def shop() -> Shop:
    return make(scopes=DISCOUNT_SCOPES).install()


def test_an_update_changes_what_it_names_and_nothing_else(shop: Shop) -> None:
    gid = add(shop, customerGets=gets({"products": {"productsToAdd": [PRODUCT(1), PRODUCT(2)]}}), usageLimit=5)
    items = {"products": {"productsToAdd": [PRODUCT(3)], "productsToRemove": [PRODUCT(1)]}}
    given = {"code": "ELEVEN", "customerGets": {"items": items}}
    assert shop.data(UPDATE, {"id": gid, "d": given})["discountCodeBasicUpdate"]["userErrors"] == []
    found = read(shop, gid)
    assert [p["id"] for p in found["customerGets"]["items"]["products"]["nodes"]] == [PRODUCT(2), PRODUCT(3)]
    assert (found["usageLimit"], found["customerGets"]["value"]["percentage"]) == (5, 0.5)
    assert "no discount code" in refused(shop, "TEN", lines={2: 1})
    buy(shop, "ELEVEN", lines={2: 1})


def test_an_unknown_discount_cannot_be_updated(shop: Shop) -> None:
    given = {"id": "gid://shopify/DiscountCodeNode/1", "d": {"title": "x"}}
    assert shop.data(UPDATE, given)["discountCodeBasicUpdate"]["userErrors"][0]["field"] == ["id"]


def switch(shop: Shop, how: str, gid: str) -> dict[str, Any]:
    text = f"""mutation($id: ID!) {{ discountCode{how}(id: $id) {{ codeDiscountNode {{ codeDiscount {{
      ... on DiscountCodeBasic {{ status endsAt }} }} }} userErrors {{ field code }} }} }}"""
    result: dict[str, Any] = shop.data(text, {"id": gid})[f"discountCode{how}"]
    return result


def test_a_discount_is_switched_off_and_on(shop: Shop) -> None:
    gid = add(shop)
    assert switch(shop, "Deactivate", gid)["codeDiscountNode"]["codeDiscount"]["status"] == "EXPIRED"
    refused(shop, "TEN")
    on = switch(shop, "Activate", gid)["codeDiscountNode"]["codeDiscount"]
    assert on == {"status": "ACTIVE", "endsAt": None}
    buy(shop, "TEN")
    unknown = switch(shop, "Activate", "gid://shopify/DiscountCodeNode/1")
    assert unknown["userErrors"] == [{"field": ["id"], "code": "INVALID"}]


def test_a_deleted_discount_is_gone_with_its_codes(shop: Shop) -> None:
    gid = add(shop)
    gone = "mutation($id: ID!) { discountCodeDelete(id: $id) { deletedCodeDiscountId userErrors { code } } }"
    assert shop.data(gone, {"id": gid})["discountCodeDelete"]["deletedCodeDiscountId"] == gid
    assert shop.data('{ codeDiscountNodeByCode(code: "TEN") { id } }') == {"codeDiscountNodeByCode": None}
    assert shop.data(gone, {"id": gid})["discountCodeDelete"]["userErrors"] == [{"code": "INVALID"}]
    refused(shop, "TEN")


def done(shop: Shop, job: str) -> bool:
    return bool(shop.data("query($id: ID!) { job(id: $id) { done } }", {"id": job})["job"]["done"])


def test_many_discounts_are_deleted_by_a_job(shop: Shop) -> None:
    text = "mutation($ids: [ID!]) { discountCodeBulkDelete(ids: $ids) { job { id done } userErrors { code } } }"
    started = shop.data(text, {"ids": [add(shop, "A1"), add(shop, "A2")]})["discountCodeBulkDelete"]
    eventually(lambda: done(shop, started["job"]["id"]), "the job is done")
    assert shop.data('{ codeDiscountNodes(first: 9, query: "title:Offer*") { nodes { id } } }') == {
        "codeDiscountNodes": {"nodes": []}
    }


@pytest.mark.parametrize(
    ("arguments", "code"), [("", "MISSING_ARGUMENT"), ('(ids: [], search: "x")', "TOO_MANY_ARGUMENTS")]
)
def test_a_bulk_deletion_needs_exactly_one_selector(shop: Shop, arguments: str, code: str) -> None:
    result = shop.data(f"mutation {{ discountCodeBulkDelete{arguments} {{ job {{ id }} userErrors {{ code }} }} }}")
    assert result["discountCodeBulkDelete"] == {"job": None, "userErrors": [{"code": code}]}


BULK_ADD = """mutation($id: ID!, $c: [DiscountRedeemCodeInput!]!) {
  discountRedeemCodeBulkAdd(discountId: $id, codes: $c) { bulkCreation { id codesCount } userErrors { code } } }"""
BATCH = """query($id: ID!) { discountRedeemCodeBulkCreation(id: $id) { done importedCount failedCount
  codes(first: 9) { nodes { code discountRedeemCode { id } errors { code } } } } }"""


def test_codes_are_added_after_the_answer_each_with_its_outcome(shop: Shop) -> None:
    gid, batch = add(shop, usageLimit=1), dict[str, Any]()
    codes = [{"code": code} for code in ("TEN-A", "TEN-B", "ten-a", "")]
    started = shop.data(BULK_ADD, {"id": gid, "c": codes})["discountRedeemCodeBulkAdd"]["bulkCreation"]

    def finished() -> bool:
        batch.update(shop.data(BATCH, {"id": started["id"]})["discountRedeemCodeBulkCreation"])
        return bool(batch["done"])

    eventually(finished, "the codes are there")
    assert (batch["importedCount"], batch["failedCount"]) == (2, 2)
    assert [[e["code"] for e in row["errors"]] for row in batch["codes"]["nodes"]] == [[], [], ["TAKEN"], ["BLANK"]]
    buy(shop, "TEN-A")
    buy(shop, "TEN-B")  # The limit is each code's own.
    assert "usage limit" in refused(shop, "ten-a")
    changed = shop.data(UPDATE, {"id": gid, "d": {"code": "OTHER"}})["discountCodeBasicUpdate"]
    assert changed["userErrors"][0]["message"] == "Cannot update the code of a bulk discount."


def test_more_than_250_codes_at_once_fail_the_request(shop: Shop) -> None:
    codes = [{"code": f"C{n}"} for n in range(251)]
    body = shop.answer(BULK_ADD, {"id": add(shop), "c": codes})
    assert body["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_the_codes_of_the_shops_past_are_real_discounts(shop: Shop) -> None:
    found = shop.data(
        """{ discountNodes(first: 9, query: "status:active AND code:summer") { nodes { discount {
           ... on DiscountCodeBasic { title asyncUsageCount customerGets { value {
             ... on DiscountPercentage { percentage } } } } } } } discountNodesCount { count } }"""
    )
    assert found == {
        "discountNodes": {"nodes": [{"discount": {
            "title": "SUMMER", "asyncUsageCount": 1, "customerGets": {"value": {"percentage": 0.1}},
        }}]},
        "discountNodesCount": {"count": 2},
    }  # fmt: skip
    assert [line.discount for line in buy(shop, "WELCOME10").lines] == [110, 120]
