"""One person's page: their names, why these are believed to be one person's, and the way out.

The merchant can part names that are two people's, undo a merge of Shopify's, and take both back. Addresses stand here
as the codes they are kept as; of people who opted out or were erased nothing is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request

from app import jobs
from app.core.ids import CustomerId
from app.core.profiles.identity import HOUR_S, Cut, Member, Name, Named, Standing, Tie, cut
from app.core.profiles.identity_words import SENTENCES, STANDINGS, name_words, profile_words
from app.core.shops import Shop
from app.ports import Profile
from app.services.undo_merge import cut_names, mend_names, undo_merge
from app.web import doors
from app.web.admin.preview import number_of
from app.web.admin.writing import day, own, shop_zone
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/shoppers/profile"
SHOPPERS = "/admin/shoppers"
MOST_SHOWN = 100
ORDER = (
    Name.CUSTOMER,
    Name.EMAIL,
    Name.KLAVIYO,
    Name.EXTERNAL,
    Name.VISITOR,
    Name.CLIENT,
    Name.GA4,
    Name.CART,
    Name.CHECKOUT,
)


@dataclass(frozen=True, slots=True)
class ShownName:
    value: str
    """Its kind and id, as the form sends them."""
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class ShownTie:
    left: str
    right: str
    why: str
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class ShownCut:
    value: str
    left: str
    right: str


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("profile", __name__)

    @routes.get(PATH)
    def page() -> str | Response:
        shop = doors.admin().shop
        found = _shown(shop, request.args.get("id", ""), wiring)
        if found is None:
            return _to(SHOPPERS)
        names = sorted(found.members, key=lambda name: (ORDER.index(name.kind), name.id))
        seen, zone = _last_hours(found.ties), shop_zone(wiring)
        return render_template(
            "admin/profile.html",
            profile=found,
            summary=profile_words(names),
            names=[_name(found.members[name], name, seen.get(name), zone) for name in names[:MOST_SHOWN]],
            customers=[name.id for name in names if name.kind is Name.CUSTOMER],
            hidden=max(0, len(names) - MOST_SHOWN),
            ties=[_tie(one) for one in _newest(found.ties)],
            cuts=[_cut(one) for one in found.cuts],
            merges=[one for one in found.merges if one.undone_at is None],
            settling=wiring.due_work.waits(shop.id, jobs.STITCH_DUE),
        )

    @routes.post(f"{PATH}/part")
    def part() -> Response:
        """Part the ticked names from the others."""
        staff = doors.admin()
        found = _shown(staff.shop, request.form.get("profile", ""), wiring)
        names = {name for text in request.form.getlist("name") if (name := _named(text))}
        if found is None or not names & set(found.members):
            return problem(422, "Tick the names that are somebody else’s.")
        if not cut_names(staff.shop, found.id, names, by=f"Shopify user {staff.user}", ports=wiring.undoing):
            return problem(422, "Leave the customer or the address without a tick whose person this is.")
        return _to(PATH, id=found.id)

    @routes.post(f"{PATH}/mend")
    def mend() -> Response:
        """Take the merchant's word back."""
        staff = doors.admin()
        pair = [name for text in request.form.get("cut", "").split(" ") if (name := _named(text))]
        if len(pair) != 2 or pair[0] == pair[1]:
            return problem(422, "These names are not kept apart any more.")
        mend_names(staff.shop, [cut(*pair)], ports=wiring.undoing)
        return _to(PATH, id=request.form.get("profile", ""))

    @routes.post(f"{PATH}/undo")
    def undo() -> Response:
        """Undo a merge of Shopify's."""
        staff = doors.admin()
        kept, gone = (number_of(request.form.get(name, "")) for name in ("kept", "gone"))
        if kept is None or gone is None:
            return problem(422, "Say which two customers are two people.")
        by = f"Shopify user {staff.user}"
        if not undo_merge(staff.shop, CustomerId(kept), CustomerId(gone), by=by, ports=wiring.undoing):
            return problem(422, "This merge is undone already.")
        return _to(PATH, id=request.form.get("profile", ""))

    return routes


def _shown(shop: Shop, profile: str, wiring: Web) -> Profile | None:
    """The profile, or None where it is of somebody of whom nothing may be shown."""
    found = wiring.profiles.one(shop.id, profile) if profile else None
    if found is None:
        return None
    customers = [CustomerId(int(name.id)) for name in found.members if name.kind is Name.CUSTOMER]
    if not all(wiring.customer_search.may_be_shown(shop.id, customer) for customer in customers):
        return None
    browsers = {name.id for name in found.members if name.kind in (Name.VISITOR, Name.CLIENT)}
    return None if browsers and browsers & wiring.objectors.browsers(shop.id) else found


def _to(path: str, **query: object) -> Response:
    answer = redirect(own(path, **query), 303)
    assert isinstance(answer, Response)
    return answer


def _name(member: Member, name: Named, hour: int | None, zone: ZoneInfo) -> ShownName:
    last = "" if hour is None else f"Last seen on {day(_moment(hour), zone)}."
    return ShownName(_written(name), name_words(name), STANDINGS[Standing(member.standing)] or last)


def _last_hours(ties: Iterable[Tie]) -> dict[Named, int]:
    """The last hour in which each name was seen with another one."""
    last: dict[Named, int] = {}
    for one in ties:
        for name in (one.left, one.right) if one.hours else ():
            last[name] = max(one.hours[-1], last.get(name, 0))
    return last


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_S, UTC)


def _tie(one: Tie) -> ShownTie:
    first, last = _moment(one.hours[0]), _moment(one.hours[-1])
    return ShownTie(name_words(one.left), name_words(one.right), SENTENCES[one.evidence], len(one.hours), first, last)


def _cut(one: Cut) -> ShownCut:
    return ShownCut(f"{_written(one.left)} {_written(one.right)}", name_words(one.left), name_words(one.right))


def _newest(ties: Iterable[Tie]) -> list[Tie]:
    with_hours = [one for one in ties if one.hours]
    return sorted(with_hours, key=lambda one: (-one.hours[-1], one))[:MOST_SHOWN]


def _written(name: Named) -> str:
    return f"{name.kind}:{name.id}"


def _named(text: str) -> Named | None:
    kind, colon, id = text.partition(":")
    return Named(Name(kind), id) if colon and id and kind in set(Name) else None
