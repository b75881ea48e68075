"""Templates filled in as Klaviyo fills them in: Django's template engine with Klaviyo's tags, and nothing else.

It knows no account: whoever asks gives the variables and what the tags need. Which links are then counted and followed
is `devstore.klaviyo.links`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template import Context, Engine, Template, TemplateSyntaxError

from devstore.klaviyo.template_tags import MAIL, CatalogMiss, MailContext, libraries

UNAVAILABLE = "Skipped: Catalog Item Unavailable"


class BrokenTemplate(ValueError):
    """The template cannot be read: a tag or filter that Klaviyo does not know, or one that is not closed."""


class Skipped(Exception):
    """The mail is not sent; the text is the reason that Klaviyo shows."""


def check(*templates: str) -> list[str]:
    """What is wrong with the templates; nothing for good ones."""
    problems = []
    for source in templates:
        try:
            _compiled(source)
        except BrokenTemplate as error:
            problems.append(str(error))
    return problems


def fill(template: str, variables: Mapping[str, Any], mail: MailContext, *, is_html: bool = True) -> str:
    """The text of one template.

    Raises:
        BrokenTemplate: it cannot be read.
        Skipped: it asks the catalogue for a product that is not there.
    """
    try:
        return str(_compiled(template).render(Context({**variables, MAIL: mail}, autoescape=is_html)))
    except CatalogMiss as miss:
        raise Skipped(f"{UNAVAILABLE} ({miss})") from miss


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    try:
        return Template(source, engine=_engine())
    except TemplateSyntaxError as error:
        raise BrokenTemplate(str(error)) from error


@lru_cache(maxsize=1)
def _engine() -> Engine:
    if not settings.configured:
        # Only what Django's own filters ask for; there is no project of Django's here.
        settings.configure(USE_I18N=False, USE_TZ=True, TIME_ZONE="UTC", LANGUAGE_CODE="en")
    engine = Engine()
    engine.template_builtins = libraries(engine.template_builtins)
    return engine
