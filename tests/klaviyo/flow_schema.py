"""Checks a flow's definition against the schema in Klaviyo's published OpenAPI document, without a mock."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from tests.conftest import REPOSITORY
from tests.klaviyo.openapi_repair import mend

SPEC = REPOSITORY.parent / "shared" / "contracts" / "klaviyo-openapi.json"


def check_flow(definition: dict[str, Any], *, name: str = "Attune") -> list[str]:
    """Where the definition departs from the schema, one sentence each; skips where the document is not here."""
    import pytest

    if not SPEC.exists():
        pytest.skip(f"{SPEC.name} is not beside the repository")
    body = {"data": {"type": "flow", "attributes": {"name": name, "definition": definition}}}
    return [_sentence(one) for one in _validator().iter_errors(body)]


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    schemas = mend(_nulls(json.loads(SPEC.read_bytes())["components"]["schemas"]))
    return Draft202012Validator({"$ref": "#/components/schemas/FlowCreateQuery", "components": {"schemas": schemas}})


def _nulls(node: Any) -> Any:
    """OpenAPI's ``nullable`` in JSON Schema's words."""
    if isinstance(node, list):
        return [_nulls(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: _nulls(one) for name, one in node.items() if name != "nullable" or not isinstance(one, bool)}
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") is True else made


def _sentence(error: Any) -> str:
    deepest = min(error.context, key=lambda one: len(one.context), default=error) if error.context else error
    return f"/{'/'.join(str(part) for part in error.absolute_path)}: {deepest.message[:300]}"
