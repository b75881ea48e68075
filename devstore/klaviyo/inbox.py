"""The inbox: pages that show every shopper's mails as a mail client would, and the addresses that links in mails have.

Opens and clicks are counted here under Klaviyo's own metrics; a click goes on to the storefront with `_kx`. Skipped
mails are shown with their reason, because a mail that is not there is the hardest thing to find.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.klaviyo import machines
from devstore.klaviyo.mailer import record
from devstore.klaviyo.mails import Mail
from devstore.klaviyo.records import UNSUBSCRIBED
from devstore.klaviyo.state import Account

SHOWN: Final = 200
PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
TEMPLATES: Final = Path(__file__).parent / "templates"


def blueprint(account: Account) -> Blueprint:
    """The pages, and the redirects of links."""
    routes = Blueprint("klaviyo_inbox", __name__, template_folder=str(TEMPLATES))
    _pages(routes, account)
    _links(routes, account)
    _control(routes, account)
    return routes


def opened(account: Account, mail: Mail, **more: Any) -> None:
    """Count an opening. `Apple Privacy Open` among `more` marks one that no person made."""
    mail.opened += 1
    record(account, mail, "Opened Email", account.now(), f"{mail.id}:o{mail.opened}", **more)


def clicked(account: Account, mail: Mail, url: str, **more: Any) -> None:
    mail.clicked += 1
    record(account, mail, "Clicked Email", account.now(), f"{mail.id}:c{mail.clicked}", URL=url, **more)


def unsubscribed(account: Account, mail: Mail, *, as_spam: bool = False) -> None:
    """The shopper wants no more mails, and says so to Klaviyo or to her mail provider."""
    profile = account.profiles.get(mail.profile_id)
    if profile is not None:
        account.set_consent(profile, UNSUBSCRIBED)
        if as_spam and "SPAM_COMPLAINT" not in profile.suppressions:
            profile.suppressions.append("SPAM_COMPLAINT")
        record(account, mail, "Marked Email as Spam" if as_spam else "Unsubscribed", account.now(), f"{mail.id}:u")


def unbuyable(account: Account, minutes: float) -> dict[str, Any]:
    """Of the mails of the last minutes, how many showed a product that could not be bought when they were sent.

    The share is of the mails that show products at all.
    """
    mails = list(account.mails.sent_since(account.now() - timedelta(minutes=minutes)))
    bad, with_products = [mail for mail in mails if mail.unbuyable], sum(bool(mail.products) for mail in mails)
    return {
        "mails": len(mails),
        "with_products": with_products,
        "unbuyable": len(bad),
        "share": len(bad) / with_products if with_products else 0.0,
        "by_place": _by_place(mails),
        "examples": [{"mail": mail.id, "flow": mail.flow_name, "products": list(mail.unbuyable)} for mail in bad[:20]],
    }


def _by_place(mails: list[Mail]) -> dict[str, dict[str, int]]:
    """By the place of a product in its mail, from 1: how often one was shown there, and could not be bought."""
    found: dict[str, dict[str, int]] = {}
    for mail in mails:
        for place, handle in enumerate(mail.products, start=1):
            counts = found.setdefault(str(place), {"shown": 0, "unbuyable": 0})
            counts["shown"] += 1
            counts["unbuyable"] += handle in mail.unbuyable
    return found


def _pages(routes: Blueprint, account: Account) -> None:
    @routes.get("/inbox", strict_slashes=False)
    def people() -> AnyResponse | str:
        return _answer("people.html", {"people": [_reader(account, one) for one in account.mails.readers()[:SHOWN]]})

    @routes.get("/inbox.json")
    def people_json() -> AnyResponse:
        return jsonify({"people": [_reader(account, one) for one in account.mails.readers()[:SHOWN]]})

    @routes.get("/inbox/<profile_id>")
    def mails(profile_id: str) -> AnyResponse | str:
        bare = profile_id.removesuffix(".json")
        profile = account.profiles.get(bare)
        if profile is None:
            abort(404)
        held = [_shown(mail) for mail in account.mails.of(bare)]
        return _answer("mails.html", {"reader": _reader(account, bare), "mails": held})

    @routes.get("/inbox/<profile_id>/<mail_id>")
    def mail(profile_id: str, mail_id: str) -> AnyResponse | str:
        found = account.mails.get(mail_id.removesuffix(".json"))
        if found is None or found.profile_id != profile_id:
            abort(404)
        told = {"reader": _reader(account, profile_id), "mail": _shown(found)}
        if mail_id.endswith(".json"):
            more = {
                "html": found.html,
                "links": [{"url": one.url, "counted": f"/l/{one.token}"} for one in found.links],
                "pixel": f"/o/{found.open_token}.gif",
                "leave": f"/u/{found.open_token}",
            }
            return jsonify({**told, "mail": {**told["mail"], **more}})
        return _answer("mail.html", told)

    @routes.get("/inbox/<profile_id>/<mail_id>/body")
    def body(profile_id: str, mail_id: str) -> Response:
        """The mail itself, for the frame of its page; dark mode is what the frame's reader prefers."""
        found = account.mails.get(mail_id)
        if found is None or found.profile_id != profile_id:
            abort(404)
        return Response(_in_scheme(found.html, request.args.get("scheme", "light")), mimetype="text/html")


def _links(routes: Blueprint, account: Account) -> None:
    @routes.get("/l/<token>")
    def link(token: str) -> AnyResponse:
        found = account.mails.link(token)
        if found is None:
            abort(404)
        mail, chosen = found
        clicked(account, mail, chosen.written, **machines.of_click(_agent()))
        return redirect(chosen.url, 302)

    @routes.get("/o/<token>.gif")
    def pixel(token: str) -> Response:
        if (mail := account.mails.by_open(token)) is not None:
            opened(account, mail, **machines.of_open(_agent()))
        return Response(PIXEL, mimetype="image/gif", headers={"Cache-Control": "no-store"})

    @routes.route("/u/<token>", methods=["GET", "POST"])
    def leave(token: str) -> AnyResponse | str:
        mail = account.mails.by_open(token)
        if mail is None:
            abort(404)
        if request.method == "POST":
            unsubscribed(account, mail, as_spam="spam" in request.args)
        return render_template("inbox/leave.html", done=request.method == "POST", name=account.organization.name)


def _control(routes: Blueprint, account: Account) -> None:
    @routes.get("/_dev/unbuyable")
    def shown_unbuyable() -> AnyResponse:
        return jsonify(unbuyable(account, request.args.get("minutes", 60.0, type=float)))

    @routes.get("/_dev/mails")
    def all_mails() -> AnyResponse:
        after = max(0, request.args.get("after", 0, type=int))
        mails = account.mails.all(after=after)
        return jsonify({"mails": [_shown(mail) for mail in mails], "next": after + len(mails)})


def _agent() -> str:
    return request.headers.get("User-Agent", "")


def _reader(account: Account, profile_id: str) -> dict[str, Any]:
    profile = account.profiles.get(profile_id)
    names = profile.attributes if profile else {}
    name = " ".join(filter(None, (names.get("first_name"), names.get("last_name"))))
    held = account.mails.of(profile_id)
    return {
        "id": profile_id,
        "name": name or (profile.email if profile else None) or "Deleted profile",
        "email": (profile.email if profile else None) or "",
        "customer_id": (profile.external_id if profile else None) or "",
        "consent": profile.consent if profile else "",
        "sent": sum(mail.sent for mail in held),
        "skipped": sum(not mail.sent for mail in held),
        "latest": _shown(held[0]) if held else None,
    }


def _shown(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "profile": mail.profile_id,
        "flow": mail.flow_name,
        "flow_id": mail.flow_id,
        "message": mail.message_name,
        "message_id": mail.message_id,
        "at": mail.at.isoformat(),
        "when": mail.at.strftime("%-d %b, %H:%M"),
        "subject": mail.subject,
        "preview": mail.preview,
        "sender": mail.sender,
        "skipped": mail.skipped,
        "products": list(mail.products),
        "unbuyable": list(mail.unbuyable),
        "opened": mail.opened,
        "clicked": mail.clicked,
    }


def _answer(page: str, told: dict[str, Any]) -> AnyResponse | str:
    if request.path.endswith(".json"):
        return jsonify(told)
    scheme = request.args.get("scheme", "")
    return render_template(f"inbox/{page}", **told, scheme=scheme if scheme in ("dark", "light") else "")


def _in_scheme(html: str, scheme: str) -> str:
    """The mail in light or dark mode: its rules for dark mode apply, or don't, whatever this machine prefers."""
    dark = scheme == "dark"
    for quoted in ("(prefers-color-scheme: dark)", "(prefers-color-scheme:dark)"):
        html = html.replace(quoted, "(min-width: 0)" if dark else "(max-width: 0)")
    # Links leave the frame, as they leave a mail program.
    return (
        f'<base target="_top">{html}'
        if "<head>" not in html
        else html.replace("<head>", '<head><base target="_top">', 1)
    )
