"""The privacy page: what was asked for and proved, how long data are kept, and the ways to everything else about it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request

from app.core.governance.terms import BadTerm, changed_terms
from app.ports import Access
from app.web import doors
from app.web.admin.privacy_words import told_receipt, told_runs, told_terms
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/privacy"
RECEIPTS = 25
ENTRIES = 140
"""Of about a week of nights."""
NIGHTS = 7


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("privacy", __name__)

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        receipts = [told_receipt(one) for one in wiring.receipts.latest(shop.id, limit=RECEIPTS)]
        return render_template(
            "admin/privacy.html",
            receipts=receipts,
            unfinished=[one for one in receipts if one.badge != "Done"],
            terms=told_terms(wiring.retention.terms(shop.id)),
            nights=told_runs(wiring.retention.latest(shop.id, limit=ENTRIES))[:NIGHTS],
            opened=len(wiring.access_log.entries(shop.id, limit=100)),
        )

    @routes.get(f"{PATH}/receipt")
    def receipt() -> str | Response:
        shop = doors.admin().shop
        wanted = request.args.get("id", "")
        found = [one for one in wiring.receipts.latest(shop.id, limit=1000) if one.id == wanted]
        if not found:
            return problem(404, "there is no such receipt")
        return render_template("admin/privacy_receipt.html", receipt=told_receipt(found[0]))

    @routes.post(f"{PATH}/export")
    def export() -> Response:
        """What was exported for a customer; the access log has it before it is opened."""
        asked = doors.admin()
        access = Access(f"Shopify user {asked.user}", "Downloaded the export that the customer asked for")
        held = wiring.receipts.export(asked.shop.id, request.form.get("id", ""), access)
        if held is None:
            return problem(404, "this export is no longer kept; ask for a new one in the Shopify admin")
        answer = Response(held, mimetype="application/json")
        answer.headers["Content-Disposition"] = 'attachment; filename="attune-customer-export.json"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.post(f"{PATH}/terms")
    def terms() -> Response:
        asked = doors.admin()
        try:
            new = changed_terms(request.form)
        except BadTerm as complaint:
            return problem(422, str(complaint))
        wiring.retention.set_terms(asked.shop.id, new, at=wiring.clock.now())
        answer = redirect(own(PATH), 303)
        assert isinstance(answer, Response)
        return answer

    return routes
