"""Klaviyo's own template tags and filters, on top of Django's; a name that is not here is an error, as it is there.

What they need of the mail that is being made (its catalogue, its links, its account's currency) stands in the context
under `MAIL`. https://help.klaviyo.com/hc/en-us/articles/4408802648731
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.library import Library as DjangoLibrary
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

MAIL: Final = "__mail__"
CATALOG_OPTIONS: Final = frozenset(("integration", "catalog_id", "unpublished", "language", "region"))
SYMBOLS: Final = {"GBP": "£", "EUR": "€", "USD": "$"}
NOT_OFFERED: Final = frozenset(("csrf_token", "debug", "load", "url", "include", "extends", "block", "querystring"))
"""Tags of Django's that reach into files or requests; a mail has neither."""

register = Library()


class CatalogMiss(Exception):
    """A product that the catalogue does not hold: Klaviyo skips the whole mail."""


@dataclass(frozen=True, slots=True)
class MailContext:
    """What the tags need to know. `catalog` answers None for a product that it does not hold."""

    catalog: Callable[[str], Mapping[str, Any] | None]
    now: datetime
    currency: str
    unsubscribe_url: str
    preferences_url: str
    web_view_url: str


def libraries(defaults: list[DjangoLibrary]) -> list[DjangoLibrary]:
    """Django's own libraries without what a mail cannot have, and Klaviyo's after them."""
    kept = []
    for library in defaults:
        own = Library()
        own.filters = dict(library.filters)
        own.tags = {name: tag for name, tag in library.tags.items() if name not in NOT_OFFERED}
        kept.append(own)
    return [*kept, register]


@register.filter
def lookup(value: Any, key: Any) -> Any:
    """One entry of an object or a list; nothing where there is none."""
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return ""


@register.tag
def catalog(parser: Parser, token: Token) -> Node:
    """``{% catalog ID [option="value"] … %} … {% endcatalog %}``: its inside sees the product as `catalog_item`."""
    parts = token.split_contents()[1:]
    if not parts:
        raise TemplateSyntaxError("catalog needs the id of a product")
    options = token_kwargs(rest := parts[1:], parser)
    if rest or (unknown := set(options) - CATALOG_OPTIONS):
        raise TemplateSyntaxError(f"catalog does not know {', '.join(rest or sorted(unknown))}")
    inside = parser.parse(("endcatalog",))
    parser.delete_first_token()
    return CatalogNode(parser.compile_filter(parts[0]), inside, options.get("unpublished"))


class CatalogNode(Node):
    child_nodelists = ("inside",)

    def __init__(self, item: FilterExpression, inside: NodeList, unpublished: FilterExpression | None) -> None:
        self.item, self.inside, self.unpublished = item, inside, unpublished

    def render(self, context: Context) -> SafeString:
        wanted = str(self.item.resolve(context))
        found = _mail(context).catalog(wanted)
        cancels = self.unpublished is not None and self.unpublished.resolve(context) == "cancel"
        if found is None or (cancels and not found["published"]):
            raise CatalogMiss(wanted)
        with context.push(catalog_item=found):
            return self.inside.render(context)


@register.simple_tag(takes_context=True)
def currency_format(context: Context, amount: Any) -> str:
    """An amount in the account's currency."""
    currency = _mail(context).currency
    try:
        number = f"{float(amount):,.2f}"
    except (TypeError, ValueError):
        return str(amount)
    return f"{SYMBOLS[currency]}{number}" if currency in SYMBOLS else f"{currency} {number}"


@register.simple_tag(takes_context=True)
def unsubscribe(context: Context, text: str = "Unsubscribe") -> SafeString:
    return _link(_mail(context).unsubscribe_url, text)


@register.simple_tag(takes_context=True)
def unsubscribe_link(context: Context) -> SafeString:
    return mark_safe(_mail(context).unsubscribe_url)  # noqa: S308 -- an address of the twin's own.


@register.simple_tag(takes_context=True)
def manage_preferences(context: Context, text: str = "Manage preferences") -> SafeString:
    return _link(_mail(context).preferences_url, text)


@register.simple_tag(takes_context=True)
def manage_preferences_link(context: Context) -> SafeString:
    return mark_safe(_mail(context).preferences_url)  # noqa: S308 -- an address of the twin's own.


@register.simple_tag(takes_context=True)
def web_view(context: Context, text: str = "View in browser") -> SafeString:
    return _link(_mail(context).web_view_url, text)


@register.simple_tag(takes_context=True)
def today(context: Context, form: str = "%Y-%m-%d") -> str:
    return _mail(context).now.strftime(form)


@register.simple_tag(takes_context=True)
def current_year(context: Context) -> str:
    return str(_mail(context).now.year)


def _link(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def _mail(context: Context) -> MailContext:
    found = context[MAIL]
    assert isinstance(found, MailContext)
    return found
