"""Whether what a rule names is there in the shop; a rule that names what was deleted catches nobody, silently."""

from __future__ import annotations

from collections.abc import Collection

from app.core.segments.parse import BadRule
from app.core.segments.rules import Rule, Selection, measures


def named(rule: Rule) -> tuple[Selection, ...]:
    """What the rule names, each once."""
    return tuple(dict.fromkeys(one.about for one in measures(rule) if one.about is not None))


def check(rule: Rule, known: Collection[Selection]) -> None:
    """Raises BadRule for the first thing that the rule names and the shop does not have."""
    for one in named(rule):
        if one not in known:
            raise BadRule(f"your store has no {one.kind.value} “{one.key}”; it may have been deleted")
