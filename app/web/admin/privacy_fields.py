"""The catalogue page: every field that is kept, where it comes from, what it is for, how long; also as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, Response, render_template, request

from app.core.governance.catalogue import Field, found
from app.core.governance.places import PLACES, fields
from app.core.governance.terms import Term
from app.web import doors
from app.wiring.web import Web

PATH = "/admin/privacy/fields"
LONGEST = 100
CHOICES = {"": None, "people": True, "others": False}
HEADER = ("place", "title", "field", "source", "purpose", "personal", "kind", "kept")


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("privacy_fields", __name__)

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        words, who = request.args.get("q", "").strip()[:LONGEST], request.args.get("who", "")
        shown = _asked(words, who)
        return render_template(
            "admin/privacy_fields.html",
            words=words,
            who=who if who in CHOICES else "",
            places=by_place(shown, wiring.retention.terms(shop.id)),
            shown=len(shown),
            everything=len(fields()),
        )

    @routes.post(f"{PATH}/file")
    def file() -> Response:
        """The fields that the page shows, as CSV."""
        shop = doors.admin().shop
        shown = _asked(request.form.get("q", "")[:LONGEST], request.form.get("who", ""))
        answer = Response("".join(lines(shown, wiring.retention.terms(shop.id))), mimetype="text/csv")
        answer.headers["Content-Disposition"] = 'attachment; filename="attune-fields.csv"'
        return answer

    return routes


def by_place(shown: Sequence[Field], terms: Mapping[Term, int]) -> list[dict[str, object]]:
    """A place with its fields a row: by closeness, so that a merchant sees at once what is about people."""
    told = []
    for place in PLACES:
        own = [field for field in shown if field.place == place.name]
        if not own:
            continue
        groups: dict[str, list[str]] = {}
        for field in own:
            groups.setdefault(str(field.closeness), []).append(field.name)
        told.append(
            {
                "name": place.name,
                "title": place.title,
                "source": str(place.source),
                "purpose": place.purpose,
                "kept": own[0].kept(terms),
                "groups": groups,
                "fields": len(own),
                "is_personal": any(field.is_personal for field in own),
            }
        )
    return told


def lines(shown: Sequence[Field], terms: Mapping[Term, int]) -> Iterator[str]:
    """The file, a line a field."""
    buffer = io.StringIO()
    write = csv.writer(buffer)
    write.writerow(HEADER)
    for one in shown:
        personal = "yes" if one.is_personal else "no"
        write.writerow(
            [one.place, one.title, one.name, one.source, one.purpose, personal, one.closeness, one.kept(terms)]
        )
    yield buffer.getvalue()


def _asked(words: str, who: str) -> list[Field]:
    return found(iter(fields()), words=words, personal=CHOICES.get(who))
