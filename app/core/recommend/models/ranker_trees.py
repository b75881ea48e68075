"""From LightGBM's own description of its trees to the arrays that the web process evaluates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from app.core.recommend.forest_trees import DTYPES, LEAVES, Missing, Trees

MISSING = {"None": Missing.NONE, "Zero": Missing.ZERO, "NaN": Missing.NAN}


def trees_of(dumped: Mapping[str, Any]) -> Trees:
    """The trees of `Booster.dump_model`.

    Thresholds become the greatest float32 that does not exceed them, which decides alike for every float32 value.

    Raises:
        ValueError: a tree has more than 16 leaves or a split on a category.
    """
    found: dict[str, list[Any]] = {name: [] for name in DTYPES}
    for tree in dumped["tree_info"]:
        if tree["num_leaves"] > LEAVES or tree["num_cat"]:
            raise ValueError(f"a tree has more than {LEAVES} leaves, or splits on a category")
        found["splits"].append(tree["num_leaves"] - 1)
        nodes = list(_nodes(tree["tree_structure"]))
        for node in sorted(
            (node for node in nodes if "split_index" in node), key=lambda node: int(node["split_index"])
        ):
            found["feature"].append(node["split_feature"])
            found["threshold"].append(rounded_down(node["threshold"]))
            found["missing"].append(MISSING[node["missing_type"]])
            found["default"].append(node["default_left"])
            found["left"].append(_number(node["left_child"]))
            found["right"].append(_number(node["right_child"]))
        for leaf in sorted((node for node in nodes if "leaf_value" in node), key=lambda node: ~_number(node)):
            found["value"].append(leaf["leaf_value"])
            found["count"].append(max(int(leaf.get("leaf_count", 1)), 1))
    return Trees(**{name: np.array(values, dtype=DTYPES[name]) for name, values in found.items()})


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in ("left_child", "right_child"):
        if child in node:
            yield from _nodes(node[child])


def _number(node: Mapping[str, Any]) -> int:
    """The number of a split, ~ that of a leaf; a tree without a split does not number its only leaf."""
    return int(node["split_index"]) if "split_index" in node else ~int(node.get("leaf_index", 0))


def rounded_down(value: float) -> np.float32:
    """The greatest float32 not above the value; minus infinity below the least one."""
    most = float(np.finfo(np.float32).max)
    if value < -most:
        return np.float32(-np.inf)
    near = np.float32(min(value, most))
    return near if float(near) <= value else np.float32(np.nextafter(near, np.float32(-np.inf)))
