"""Bulk mutations: staged upload, one result line per input line."""

from __future__ import annotations

import io
import json
from typing import Any

from tests.devstore.core.shop import Shop

STAGE = """mutation { stagedUploadsCreate(input: [{resource: BULK_MUTATION_VARIABLES, filename: "vars.jsonl",
  mimeType: "text/jsonl", httpMethod: POST}]) { stagedTargets { url resourceUrl parameters { name value } }
  userErrors { message } } }"""
RUN = """mutation($m: String!, $p: String!) { bulkOperationRunMutation(mutation: $m, stagedUploadPath: $p) {
  bulkOperation { id type } userErrors { code message } } }"""
SET = """mutation call($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) {
  metafields { id key } userErrors { code message } } }"""


def stage(shop: Shop, content: bytes) -> str:
    target = shop.data(STAGE)["stagedUploadsCreate"]["stagedTargets"][0]
    form: dict[str, Any] = {p["name"]: p["value"] for p in target["parameters"]}
    answer = shop.client.post(target["url"], data={**form, "file": (io.BytesIO(content), "vars.jsonl")})
    assert answer.status_code == 201
    return str(form["key"])


def line(product: int, value: str) -> bytes:
    owner = f"gid://shopify/Product/{product}"
    return json.dumps({"metafields": [{"ownerId": owner, "key": "recs", "value": value}]}).encode()


def test_each_line_is_one_call_and_has_one_result(shop: Shop) -> None:
    good = json.dumps(["gid://shopify/Product/3"])
    path = stage(shop, b"\n".join([line(1, good), line(2, "bad"), b"no json", line(4, good)]) + b"\n")
    started = shop.data(RUN, {"m": SET, "p": path})["bulkOperationRunMutation"]
    assert started["bulkOperation"]["type"] == "MUTATION"
    operation = shop.wait(started["bulkOperation"]["id"])
    assert (operation["status"], operation["objectCount"]) == ("COMPLETED", "4")
    results = [json.loads(text) for text in shop.lines(operation)]
    assert [r["__lineNumber"] for r in results] == [0, 1, 2, 3]
    assert results[0]["data"]["metafieldsSet"]["metafields"][0]["key"] == "recs"
    assert results[1]["data"]["metafieldsSet"]["userErrors"][0]["code"] == "INVALID_VALUE"
    assert results[2]["errors"]
    assert shop.dev("GET", "metafields?owner=gid://shopify/Product/4").get_json()[0]["value"] == good


def test_a_missing_upload_is_a_user_error(shop: Shop) -> None:
    started = shop.data(RUN, {"m": SET, "p": "tmp/nothing"})["bulkOperationRunMutation"]
    assert started["userErrors"][0]["code"] == "NO_SUCH_FILE"


def test_a_query_is_not_a_bulk_mutation(shop: Shop) -> None:
    started = shop.data(RUN, {"m": "{ shop { id } }", "p": "x"})["bulkOperationRunMutation"]
    assert started["userErrors"][0]["code"] == "INVALID_MUTATION"


def test_a_bulk_mutation_has_one_top_level_field(shop: Shop) -> None:
    call = "metafieldsSet(metafields: []) { userErrors { code } }"
    twice = f"mutation {{ a: {call} b: {call} }}"
    started = shop.data(RUN, {"m": twice, "p": stage(shop, b"{}")})["bulkOperationRunMutation"]
    assert "exactly one top level field" in started["userErrors"][0]["message"]


def test_a_mutation_that_only_the_devstore_lacks_is_501(shop: Shop) -> None:
    text = "mutation($id: ID!) { customerDelete(input: {id: $id}) { userErrors { message } } }"
    assert shop.post(RUN, {"m": text, "p": stage(shop, b"{}")}).status_code == 501


def test_a_field_that_only_the_devstore_lacks_fails_the_operation(shop: Shop) -> None:
    text = SET.replace("metafields { id key }", 'metafields { translations(locale: "de") { key } }')
    path = stage(shop, line(1, json.dumps(["gid://shopify/Product/3"])))
    started = shop.data(RUN, {"m": text, "p": path})["bulkOperationRunMutation"]
    assert shop.wait(started["bulkOperation"]["id"])["status"] == "FAILED"


def test_a_line_that_is_no_object_is_an_error_of_that_line(shop: Shop) -> None:
    started = shop.data(RUN, {"m": SET, "p": stage(shop, b"[1]\n")})["bulkOperationRunMutation"]
    operation = shop.wait(started["bulkOperation"]["id"])
    assert operation["status"] == "COMPLETED"
    assert "errors" in json.loads(shop.lines(operation)[0])


def test_an_upload_without_one_of_the_given_fields_is_refused(shop: Shop) -> None:
    target = shop.data(STAGE)["stagedUploadsCreate"]["stagedTargets"][0]
    form: dict[str, Any] = {p["name"]: p["value"] for p in target["parameters"] if p["name"] != "acl"}
    form["file"] = (io.BytesIO(b"x"), "f")
    assert shop.client.post(target["url"], data=form).status_code == 403


def test_an_upload_with_a_changed_form_is_refused(shop: Shop) -> None:
    form = {"key": "tmp/other", "x-goog-signature": "00", "file": (io.BytesIO(b"x"), "f")}
    assert shop.client.post("/_uploads", data=form).status_code == 403
