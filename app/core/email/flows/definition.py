"""A flow's plan as the FlowDefinition of Klaviyo's API (create_flow): pure, the ids of the account come in.

Whoever enters goes one of two ways that differ by nothing but the templates: by `attune_email_arm`, which is the
hold-out's. Every filter asks for marketing consent, so that nobody is written to who did not subscribe.
https://developers.klaviyo.com/en/reference/create_flow
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.email.flows.plan import FlowPlan, Mail, Wait
from app.core.email.names import ARM, Arm

Json = dict[str, Any]

SPLIT: Final = "arms"
CONSENT: Final[Json] = {
    "conditions": [
        {
            "type": "profile-marketing-consent",
            "consent": {
                "channel": "email",
                "can_receive_marketing": True,
                "consent_status": {"subscription": "subscribed"},
            },
        }
    ]
}


@dataclass(frozen=True, slots=True)
class Names:
    """Ids of the account, and who the mails are from. `templates` is by `Mail.template_key`."""

    metric: str
    placed_order: str
    """Shopify's metric “Placed Order”; empty where the account has none, and then no order ends a flow."""
    templates: Mapping[str, str]
    from_email: str
    from_label: str


def definition_of(plan: FlowPlan, names: Names) -> Json:
    """The definition, with temporary ids as Klaviyo wants them of a flow that is new."""
    groups = [CONSENT]
    if plan.rest_days:
        groups.append(_not_in_flow(plan.rest_days))
    if plan.until_order and names.placed_order:
        groups.append(_no_order(names.placed_order))
    actions = [_split(), *_branch(plan, Arm.ATTUNE, names), *_branch(plan, Arm.CONTROL, names)]
    found: Json = {
        "triggers": [{"type": "metric", "id": names.metric}],
        "profile_filter": {"condition_groups": groups},
        "entry_action_id": SPLIT,
        "actions": actions,
    }
    if plan.rest_days:
        found["reentry_criteria"] = {"duration": plan.rest_days, "unit": "day"}
    return found


def _split() -> Json:
    held_out = {
        "type": "profile-property",
        "property": f"properties['{ARM}']",
        "filter": {"type": "string", "operator": "equals", "value": Arm.CONTROL.value},
    }
    return {
        "temporary_id": SPLIT,
        "type": "conditional-split",
        "links": {"next_if_true": _id(Arm.CONTROL, 0), "next_if_false": _id(Arm.ATTUNE, 0)},
        "data": {"profile_filter": {"condition_groups": [{"conditions": [held_out]}]}},
    }


def _branch(plan: FlowPlan, arm: Arm, names: Names) -> Iterator[Json]:
    for place, step in enumerate(plan.steps):
        after = _id(arm, place + 1) if place + 1 < len(plan.steps) else None
        data = _email(step, arm, names) if isinstance(step, Mail) else _delay(step)
        kind = "send-email" if isinstance(step, Mail) else "time-delay"
        yield {"temporary_id": _id(arm, place), "type": kind, "links": {"next": after}, "data": data}


def _id(arm: Arm, place: int) -> str:
    return f"{arm.value}_{place + 1}"


def _delay(step: Wait) -> Json:
    return {"unit": step.unit, "value": step.value, "timezone": "profile"}


def _email(mail: Mail, arm: Arm, names: Names) -> Json:
    message = {
        "name": mail.template_name(arm),
        "subject_line": mail.subject,
        "preview_text": mail.preheader,
        "template_id": names.templates[mail.template_key(arm)],
        "from_email": names.from_email,
        "from_label": names.from_label,
        "smart_sending_enabled": True,
    }
    return {"status": "draft", "message": message}


def _not_in_flow(days: int) -> Json:
    within = {"type": "date", "operator": "in-the-last", "unit": "day", "quantity": days}
    return {"conditions": [{"type": "profile-not-in-flow", "timeframe_filter": within}]}


def _no_order(metric: str) -> Json:
    none = {
        "type": "profile-metric",
        "metric_id": metric,
        "measurement": "count",
        "measurement_filter": {"type": "numeric", "operator": "equals", "value": 0},
        "timeframe_filter": {"type": "date", "operator": "flow-start"},
    }
    return {"conditions": [none]}
