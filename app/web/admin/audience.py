"""Where segments are used: told to Shopify, to Shopify Flow, and as audiences for ads; each switched on by itself."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request, stream_with_context

from app.adapters.shopify.scopes import SEGMENTS, missing_for_segments
from app.core.errors import DomainError
from app.core.segments.outlets import Outlet
from app.core.segments.outlets_audiences import AUDIENCES, BY_KEY, Audience
from app.core.shops import Shop
from app.ports.outlets import AudienceSize, Switch
from app.ports.segments import Segment, SegmentId
from app.services.export_audience import export_audience
from app.services.switch_outlet import switch_outlet
from app.services.training_claim import has_consent
from app.web import doors
from app.web.admin.preview import number_of
from app.web.admin.see_other import see_other
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/audiences"


@dataclass(frozen=True, slots=True)
class ShownAudience:
    """`size` is None before the first count."""

    audience: Audience
    size: AudienceSize | None
    native: Switch | None

    @property
    def refusing(self) -> int:
        return self.size.members - self.size.allowed if self.size else 0

    @property
    def unknown(self) -> int:
        return self.size.allowed - self.size.with_email if self.size else 0


@dataclass(frozen=True, slots=True)
class ShownOutlets:
    """What one segment does elsewhere, for its own page; `native` and `flow` are switches that are on."""

    told: bool
    native: Switch | None
    flow: Switch | None


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("audience", __name__)

    @routes.get(PATH)
    def page() -> str:
        return render_template("admin/audiences.html", **_shown(doors.admin().shop, wiring))

    @routes.post(f"{PATH}/switch")
    def switch() -> Response:
        asked = doors.admin()
        form = request.form
        segment = SegmentId(number_of(form.get("segment", "")) or 0)
        try:
            outlet = Outlet(form.get("outlet", ""))
            by = f"Shopify user {asked.user}"
            on, key = form.get("on") == "1", form.get("key", "")
            switch_outlet(asked.shop, outlet, segment, key, on=on, by=by, ports=wiring.switching_outlets)
        except DomainError as error:
            return problem(422, str(error))
        except ValueError:
            return problem(400, "there is nothing of that kind to switch")
        back = own(f"/admin/segments/{segment}") if form.get("back") == "segment" and segment else own(PATH)
        return see_other(back)

    @routes.post(f"{PATH}/<key>/file")
    def file(key: str) -> Response:
        """The hashed addresses; taking them is written down, hence no GET."""
        asked = doors.admin()
        if key not in BY_KEY:
            return problem(404, "there is no such audience")
        by = f"Shopify user {asked.user}"
        lines = export_audience(asked.shop, BY_KEY[key], by=by, ports=wiring.exporting_audiences)
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="attune-{key}.csv"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def outlets_of(shop: Shop, segment: Segment, wiring: Web) -> ShownOutlets:
    """What the part of a segment's own page shows."""
    switches = wiring.outlets.all(shop.id)
    on = {one.outlet: one for one in switches if one.wanted and one.segment in (0, segment.id)}
    return ShownOutlets(Outlet.METAFIELDS in on, on.get(Outlet.NATIVE), on.get(Outlet.FLOW))


def _shown(shop: Shop, wiring: Web) -> dict[str, object]:
    switches = wiring.outlets.all(shop.id)
    wanted = [one for one in switches if one.wanted]
    natives = {one.key: one for one in wanted if one.outlet is Outlet.AUDIENCE}
    sizes = wiring.audiences.sizes(shop.id)
    names = {one.id: one.name for one in wiring.segments.all(shop.id)}
    stored = wiring.credentials.load(shop.id)
    told, refused = wiring.tellables.told(shop.id)
    return {
        "metafields": next((one for one in wanted if one.outlet is Outlet.METAFIELDS), None),
        "going": any(not one.wanted for one in switches),
        "told": told,
        "refused": refused,
        "audiences": [ShownAudience(one, sizes.get(one.key), natives.get(one.key)) for one in AUDIENCES],
        "churn": next((one for one in wanted if one.outlet is Outlet.CHURN), None),
        "flows": [
            (one.segment, names[one.segment]) for one in wanted if one.outlet is Outlet.FLOW and one.segment in names
        ],
        "natives": [
            (one, names[one.segment]) for one in wanted if one.outlet is Outlet.NATIVE and one.segment in names
        ],
        "flow_counts": wiring.flow_outbox.counts(shop.id),
        "scopes": ",".join(SEGMENTS),
        "lacks": bool(stored and missing_for_segments(stored.pair.scopes)),
        "agreed": has_consent(shop, wiring.consents),
    }
