"""The page on which a merchant writes a segment's rule: add and remove conditions, preview it, save it.

The rule stands in the address; a preview is asked for by a form, counted by a job, and looked for until it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from app.core.segments.evaluate import decisive
from app.core.segments.parse import BadRule
from app.core.segments.rules import TRAITS, Figure, Kind, Rule, is_live, measures
from app.core.segments.words import Wording, sentence, told
from app.core.shops import Shop
from app.ports.segments import Choice, Preview
from app.services.preview_segment import ask_preview
from app.services.save_segment import LONGEST_NAME, BadName, save_segment, wording_of
from app.web import doors
from app.web.admin.see_other import see_other
from app.web.admin.segment_rules import (
    BadCondition,
    Groups,
    form_of,
    groups_of,
    rule_from,
    with_condition,
    without,
    written,
)
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/segments"
MOST_CHOICES = 300
KIND_TITLES = {
    Kind.COLLECTION: "Collections",
    Kind.TYPE: "Product types",
    Kind.VENDOR: "Vendors",
    Kind.PRODUCT: "Products",
    Kind.TAG: "Customer tags",
}
SECTIONS = {
    "Orders": (Figure.ORDERS, Figure.SPENT, Figure.LAST_ORDER, Figure.DISCOUNT_SHARE, Figure.PRICE_LEVEL),
    "In your store": (Figure.VIEWS, Figure.CARTS, Figure.CLICKS, Figure.SEARCHES, Figure.CHECKOUTS, Figure.AFFINITY),
    "E-mails": (Figure.OPENS, Figure.MAIL_CLICKS, Figure.MAILS, Figure.ACCEPTS_EMAIL),
    "The customer": (Figure.STAGE, Figure.RECENCY, Figure.FREQUENCY, Figure.MONETARY, Figure.TAG),
}
FIELDS = ("joined", "negated", "about", "time", "days", "least", "most", "value")


@dataclass(frozen=True, slots=True)
class ShownCondition:
    words: str
    remove: str
    """The address without it."""


@dataclass(frozen=True, slots=True)
class ShownSample:
    customer: int | None
    because: list[str]


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("segment_builder", __name__)
    routes.register_error_handler(BadCondition, lambda error: problem(422, str(error), field=error.field))
    routes.register_error_handler(BadName, lambda error: problem(422, str(error), field="name"))
    routes.register_error_handler(BadRule, lambda error: problem(422, str(error)))

    @routes.get(f"{PATH}/new")
    def page() -> str:
        shop = doors.admin().shop
        try:
            groups, complaint = groups_of(request.args.get("rule", "")), ""
        except BadRule as error:
            groups, complaint = (), f"{error}. The rule in the address could not be read; begin anew."
        return render_template("admin/segment_new.html", complaint=complaint, **_shown(shop, groups, wiring))

    @routes.post(f"{PATH}/new")
    def add() -> Response:
        """Add what the form says, and come back with it in the address."""
        shop = doors.admin().shop
        groups = groups_of(request.form.get("rule", ""))
        added = with_condition(groups, request.form, wiring.segment_catalogue.currency(shop.id))
        return see_other(own(f"{PATH}/new", rule=written(added)))

    @routes.post(f"{PATH}/previews")
    def preview() -> Response:
        shop = doors.admin().shop
        rule = _rule(request.form)
        id = ask_preview(shop, rule, wiring.asking_previews)
        return see_other(own(f"{PATH}/new", rule=written(groups_of(request.form["rule"])), preview=id))

    @routes.get(f"{PATH}/previews/<id>.json")
    def state(id: str) -> dict[str, str] | Response:
        shop = doors.admin().shop
        found = wiring.segment_previews.one(shop.id, id)
        return {"state": found.state} if found else problem(404, "there is no such preview")

    @routes.post(PATH)
    def save() -> Response:
        asked = doors.admin()
        name, by = request.form.get("name", ""), f"Shopify user {asked.user}"
        id = save_segment(asked.shop, name, _rule(request.form), by=by, ports=wiring.saving_segments)
        return see_other(own(f"{PATH}/{id}"))

    return routes


def because(rule: Rule, why: object, wording: Wording, now_s: int) -> list[str]:
    """What decided, in words: the values of the conditions by which the rule holds."""
    values = dict(zip(measures(rule), why if isinstance(why, list | tuple) else (), strict=False))
    known = dict.fromkeys(condition.measure for condition in decisive(rule, values, now_s))
    return [told(measure, values.get(measure), wording) for measure in known]


def _rule(fields: Mapping[str, str]) -> Rule:
    groups = groups_of(fields.get("rule", ""))
    if not groups:
        raise BadRule("add a condition first")
    return rule_from(groups)


def _shown(shop: Shop, groups: Groups, wiring: Web) -> dict[str, object]:
    rules = [rule for group in groups for rule in group]
    wording = wording_of(shop, wiring.segment_catalogue, *rules)
    figure = _figure(request.args.get("figure", ""))
    rule = rule_from(groups) if groups else None
    return {
        "rule": written(groups),
        "sentence": sentence(rule, wording) if rule else "",
        "is_live": rule is not None and is_live(rule),
        "groups": _conditions(groups, wording),
        "sections": {name: [(each, TRAITS[each].title) for each in figures] for name, figures in SECTIONS.items()},
        "form": form_of(figure) if figure else None,
        "choices": _choices(shop, figure, wiring) if figure else {},
        "currency": wiring.segment_catalogue.currency(shop.id),
        "longest_name": LONGEST_NAME,
        **_previewed(shop, rule, wording, wiring),
    }


def _conditions(groups: Groups, wording: Wording) -> list[list[ShownCondition]]:
    return [
        [
            ShownCondition(sentence(rule, wording), own(f"{PATH}/new", rule=written(without(groups, number, place))))
            for place, rule in enumerate(group)
        ]
        for number, group in enumerate(groups)
    ]


def _choices(shop: Shop, figure: Figure, wiring: Web) -> dict[str, list[Choice]]:
    """What may be chosen, by kind; kinds of which the store has nothing are left out."""
    found = {
        KIND_TITLES[kind]: list(wiring.segment_catalogue.choices(shop.id, kind, limit=MOST_CHOICES))
        for kind in form_of(figure).kinds
    }
    return {title: choices for title, choices in found.items() if choices}


def _previewed(shop: Shop, rule: Rule | None, wording: Wording, wiring: Web) -> dict[str, object]:
    found = wiring.segment_previews.one(shop.id, request.args.get("preview", ""))
    if found is None or rule is None or found.rule != rule:
        return {"preview": None, "sample": []}
    now_s = int(wiring.clock.now().timestamp())
    return {"preview": found, "sample": _sample(found, wording, now_s)}


def _sample(preview: Preview, wording: Wording, now_s: int) -> list[ShownSample]:
    return [ShownSample(customer, because(preview.rule, why, wording, now_s)) for _, customer, why in preview.sample]


def _figure(text: str) -> Figure | None:
    return next((one for one in Figure if one == text), None)
