"""The sliders of each rail: what they bring and cost, what a shopper would see, who moved them when, and the way back.

Numbers are tried first, in the address of the page, and saved by a form that shows what was tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from flask import Blueprint, Response, redirect, render_template, request

from app.core.ids import CustomerId, VisitorId
from app.core.recommend.steering import OFF, PROPOSED, SHOWS_NEW, STEERED, TITLES, BadSteering, Steering
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import KeptSteering
from app.services.preview_rail import ANYBODY, Who
from app.services.preview_shopper import recent_shoppers
from app.services.preview_steering import Compared, preview_steering
from app.services.set_steering import KEPT, set_steering, take_back
from app.web import doors
from app.web.admin.learnt import RAILS
from app.web.admin.preview import number_of
from app.web.admin.slider_figures import OwnFigures, own_figures
from app.web.admin.steering_words import (
    BRING,
    COST,
    IDLE,
    NO_MARGIN,
    NO_NEW,
    NO_SLIDERS,
    measured,
    moves,
    settings,
)
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/steering"
RECENT = 5
LONGEST_TYPED = 20


@dataclass(frozen=True, slots=True)
class ShownSlider:
    """One number field; `unusable` says why there is none."""

    name: str
    title: str
    value: str
    brings: str
    costs: str
    unusable: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """One place of the rail, now and with the sliders that are tried."""

    number: int
    now: str
    then: str
    moved: bool


@dataclass(frozen=True, slots=True)
class ShownProposal:
    """What is proposed, in words, and the address at which it is tried."""

    what: str
    address: str


@dataclass(frozen=True, slots=True)
class ShownVersion:
    kept: KeptSteering
    what: str
    settings: str


class BadField(BadSteering):
    """A number does not fit; `field` is its name."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("steering", __name__)
    routes.register_error_handler(BadField, lambda error: problem(400, str(error), field=error.field))

    @routes.get(PATH)
    def page() -> str | Response:
        shop = doors.admin().shop
        if not request.args.get("rail"):
            standing = wiring.steering.in_force(shop.id)
            now = {rail: standing[rail].steering if rail in standing else OFF for rail in RAILS}
            rails = [(rail, RAILS[rail], settings(now[rail]), rail in STEERED) for rail in RAILS]
            return render_template("admin/steering.html", rails=rails, no_sliders=NO_SLIDERS)
        rail = _rail(request.args)
        if rail is None:
            return problem(404, "there is no such rail with sliders")
        return render_template("admin/steering_rail.html", **_shown(shop, rail, wiring))

    @routes.post(PATH)
    def save() -> Response:
        asked = doors.admin()
        rail, seen = _rail(request.form), number_of(request.form.get("seen", ""))
        if rail is None or seen is None:
            return problem(400, "there is no such rail with sliders")
        wanted, by = _tried(request.form), f"Shopify user {asked.user}"
        set_steering(asked.shop, rail, wanted, by=by, seen=seen, ports=wiring.setting_steering)
        return _to(rail)

    @routes.post(f"{PATH}/take-back")
    def back() -> Response:
        asked = doors.admin()
        rail = _rail(request.form)
        seen, to = (number_of(request.form.get(name, "")) for name in ("seen", "to"))
        if rail is None or seen is None or to is None:
            return problem(400, "there is no such rail, or no such version of it")
        by = f"Shopify user {asked.user}"
        take_back(asked.shop, rail, to, by=by, seen=seen, ports=wiring.setting_steering)
        return _to(rail)

    return routes


def _shown(shop: Shop, rail: Rail, wiring: Web) -> dict[str, object]:
    """What the page of one rail needs."""
    history = wiring.steering.history(shop.id, rail, limit=KEPT + 1)
    standing = history[0].steering if history else OFF
    tried, bad = standing, None
    try:
        tried = _tried(request.args) if any(name in request.args for name in TITLES) else standing
    except BadField as error:
        bad = error
    who, figures = _who(), own_figures(wiring.models.in_use(shop.id), rail)
    compared = preview_steering(shop, rail, tried, who, wiring.previewing)
    places = _places(compared) if compared else ()
    return {
        "rail": rail,
        "title": RAILS[rail],
        "sliders": [_slider(name, rail, _typed(name, tried), bad, _costs(name, figures, compared)) for name in TITLES],
        "own_figures": figures,
        "shoppers": _shoppers(shop, wiring),
        "who": _named(who),
        "places": places,
        "nothing_moves": not any(place.moved for place in places),
        "page_of": _page_of(compared),
        "is_tried": tried != standing,
        "tried": {name: f"{100 * value:.10g}" for name, value in tried.as_json().items()},
        "moves": moves(standing, tried),
        "draws": tried.draws,
        "seen": history[0].version if history else 0,
        "proposal": _proposal(rail, standing, figures),
        "measured": measured(),
        "versions": _versions(history),
    }


def _proposal(rail: Rail, standing: Steering, figures: OwnFigures) -> ShownProposal | None:
    """What is proposed for the rail; nothing where it stands so already, or cost accuracy in this store for sure."""
    wanted = PROPOSED.get(rail)
    if wanted is None or wanted.moved <= standing.moved or figures.costs_for_sure(wanted):
        return None
    fields = {name: f"{100 * value:.10g}" for name, value in wanted.as_json().items() if value}
    return ShownProposal(settings(wanted), own(PATH, rail=rail.value, **fields))


def _slider(name: str, rail: Rail, value: str, bad: BadField | None, costs: str) -> ShownSlider:
    unusable = NO_MARGIN if name == "margin" else NO_NEW if name == "new_products" and rail not in SHOWS_NEW else ""
    error = str(bad) if bad is not None and bad.field == name else ""
    return ShownSlider(name, TITLES[name], value, BRING[name], costs, unusable, error)


def _typed(name: str, tried: Steering) -> str:
    """What stands in the field: what was typed there, be it wrong, or else where the slider stands."""
    return request.args.get(name, "").strip()[:LONGEST_TYPED] or f"{100 * tried.as_json()[name]:.10g}"


def _costs(name: str, figures: OwnFigures, compared: Compared | None) -> str:
    """What a slider costs, as a sentence of its own, in this store where that was measured, and why it may be idle."""
    idle = compared is not None and name in compared.idle
    return " ".join(filter(None, (COST[name], (figures.sentences or {}).get(name, ""), IDLE if idle else "")))


def _tried(fields: Mapping[str, str]) -> Steering:
    """The sliders as the fields have them, in per cent; what is not named is off."""
    values: dict[str, float] = {}
    for name, title in TITLES.items():
        text = fields.get(name, "").strip().replace(",", ".") or "0"
        try:
            values[name] = float(text) / 100.0
            Steering(**{name: values[name]})
        except (ValueError, BadSteering):
            raise BadField(f"“{title}” must be a number from 0 (off) to 100", name) from None
    return Steering(**values)


def _places(compared: Compared) -> Sequence[ShownPlace]:
    now, then = ([one.title(item.product_id) for item in one.ranking.items] for one in (compared.now, compared.then))
    both = range(max(len(now), len(then)))
    pairs = [(now[at] if at < len(now) else "", then[at] if at < len(then) else "") for at in both]
    return [ShownPlace(number, *pair, pair[0] != pair[1]) for number, pair in enumerate(pairs, start=1)]


def _page_of(compared: Compared | None) -> str:
    if compared is None:
        return ""
    question = compared.now.question
    product = question.product_id or next(iter(question.cart), None)
    return compared.now.title(product) if product is not None else ""


def _versions(history: Sequence[KeptSteering]) -> Sequence[ShownVersion]:
    before = [*(one.steering for one in history[1:]), OFF]
    return [
        ShownVersion(one, moves(earlier, one.steering), settings(one.steering))
        for one, earlier in zip(history[:KEPT], before, strict=False)
    ]


def _shoppers(shop: Shop, wiring: Web) -> Sequence[tuple[str, str]]:
    recent = recent_shoppers(shop, wiring.previewing, limit=RECENT)
    visitors = [(f"visitor:{one.visitor}", f"Visitor {one.visitor[:8]}…") for one in recent.visitors]
    return [*visitors, *((f"customer:{one.customer}", f"Customer {one.customer}") for one in recent.customers)]


def _who() -> Who:
    kind, _, id = request.args.get("who", "").partition(":")
    if kind == "visitor" and len(id) == 32 and id.isalnum():
        return Who(visitor=VisitorId(id))
    number = number_of(id) if kind == "customer" else None
    return Who(customer=CustomerId(number)) if number is not None else ANYBODY


def _named(who: Who) -> str:
    return next((f"{kind}:{id}" for kind, id in asdict(who).items() if id is not None), "")


def _rail(fields: Mapping[str, str]) -> Rail | None:
    return next((rail for rail in STEERED if rail == fields.get("rail")), None)


def _to(rail: Rail) -> Response:
    answer = redirect(own(PATH, rail=rail.value), 303)
    assert isinstance(answer, Response)
    return answer
