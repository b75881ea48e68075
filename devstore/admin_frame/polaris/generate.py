"""Generates elements.json from the npm package @shopify/polaris-types (its dist/custom-elements.json).

    npm pack @shopify/polaris-types@1.1.0 && python -m devstore.admin_frame.polaris.generate PATH/custom-elements.json

Only names are kept: of tags, properties (a "?" marks booleans), slots and events.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("elements.json")
NOTICE = (
    "Names of Shopify's Polaris web components, taken from @shopify/polaris-types 1.1.0 (npm; its package.json "
    "states no licence). No code or description of Shopify's is contained; the elements are our own stand-ins."
)


def elements(manifest: dict[str, Any]) -> dict[str, Any]:
    """Tag to its properties, slots and events, from a custom-elements manifest."""
    declarations = [entry for module in manifest["modules"] for entry in module["declarations"]]
    return {entry["tagName"]: _names(entry) for entry in sorted(declarations, key=lambda entry: str(entry["tagName"]))}


def _names(entry: dict[str, Any]) -> dict[str, list[str]]:
    named = (member for member in entry.get("members", ()) if "name" in member)
    types = {member["name"]: member.get("type", {}).get("text", "") for member in named}
    attributes = {attribute["name"] for attribute in entry.get("attributes", ())}
    reflected = {name: kind for name, kind in types.items() if name.lower() in attributes}
    return {
        "props": sorted(name + ("?" if kind == "boolean" else "") for name, kind in reflected.items()),
        "slots": sorted(slot["name"] for slot in entry.get("slots", ()) if slot["name"]),
        "events": sorted({event["name"] for event in entry.get("events", ())}),
    }


def main() -> None:
    manifest = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = [f"    {json.dumps(tag)}: {json.dumps(names)}" for tag, names in elements(manifest).items()]
    body = ",\n".join(lines)
    TARGET.write_text(f'{{\n  "notice": {json.dumps(NOTICE)},\n  "elements": {{\n{body}\n  }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
