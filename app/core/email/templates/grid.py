"""Products in a mail: two in a row at every width, because tables are what every mail program can lay out.

The mail's own event brings its products; where it brings none the best sellers of the feed stand there, so that no
grid is empty.
"""

from __future__ import annotations

from typing import Final

from app.core.email.templates import shown

FALLBACK: Final = "feeds.attune_best_sellers.items"

_CARD: Final = """\
<td class="cell" width="50%" valign="top" style="width:50%;padding:0 8px 24px;vertical-align:top">
<a href="{{ item.url }}" style="text-decoration:none;color:inherit">\
{% if item.image %}<img src="{{ item.image }}" alt="{{ item.title }}" width="252" \
style="display:block;width:100%;max-width:252px;height:auto;border:0;border-radius:6px">{% endif %}
<span class="ink" style="display:block;padding-top:10px;font-size:15px;line-height:20px;font-weight:600;color:#202223">\
{{ item.title }}</span></a>
<span class="ink" style="display:block;padding-top:4px;font-size:15px;line-height:20px;color:#202223">{{ item.price }}\
{% if item.compare_at %} <s class="soft" style="color:#5c5f62">{{ item.compare_at }}</s>{% endif %}</span>
{% if item.reason %}<span class="soft" style="display:block;padding-top:4px;font-size:13px;line-height:18px;\
color:#5c5f62">{{ item.reason }}</span>{% endif %}
</td>"""
_LINE: Final = (
    "\n- {{ item.title }}, {{ item.price }}{% if item.reason %} ({{ item.reason }}){% endif %}\n  {{ item.url }}\n"
)


def rows(source: str) -> str:
    """The rows of a table with the products of a list; `source` is how the template names the list."""
    return (
        f"{{% for item in {source} %}}"
        "{% if forloop.counter0|divisibleby:2 %}<tr>{% endif %}\n"
        f"{_CARD}\n"
        "{% if forloop.counter|divisibleby:2 %}</tr>{% elif forloop.last %}"
        '<td class="cell" width="50%" style="width:50%">&nbsp;</td></tr>{% endif %}\n'
        "{% endfor %}"
    )


def over(heading: str) -> str:
    """The heading, unless the event says that its products were not chosen for the reader."""
    return f"{{{{ event.heading|default:'{heading}' }}}}"


def grid(heading: str, source: str, most: int) -> str:
    """A heading and the products, or the best sellers under a heading that does not claim they were chosen."""
    these = f"{source}|slice:':{most}'"
    return f"{{% if {source} %}}{_titled(heading)}{_table(rows(these))}{_best_sellers(most)}"


def of_event(heading: str, most: int, *, later: bool) -> str:
    """As `grid`, of the products that the mail's event has brought."""
    return shown.of_event(
        lambda source: f"{_titled(heading)}{_table(rows(source))}",
        lambda source: f"{_titled(heading)}{_table(shown.still_there(source, f'<tr>{_CARD}</tr>'))}",
        _best_sellers(most),
        most,
        later=later,
    )


def plain(heading: str, source: str, most: int) -> str:
    """The same as text."""
    these = f"{source}|slice:':{most}'"
    return f"{{% if {source} %}}{heading}\n{_lines(these)}{_plain_best_sellers(most)}"


def plain_of_event(heading: str, most: int, *, later: bool) -> str:
    """As `of_event`, as text."""
    return shown.of_event(
        lambda source: f"{heading}\n{_lines(source)}",
        lambda source: f"{heading}\n{shown.still_there(source, _LINE)}",
        _plain_best_sellers(most),
        most,
        later=later,
    )


def _best_sellers(most: int) -> str:
    these = f"{FALLBACK}|slice:':{most}'"
    return f"{{% elif {FALLBACK} %}}{_titled('Our best sellers')}{_table(rows(these))}{{% endif %}}"


def _plain_best_sellers(most: int) -> str:
    these = f"{FALLBACK}|slice:':{most}'"
    return f"{{% elif {FALLBACK} %}}Our best sellers\n{_lines(these)}{{% endif %}}"


def _lines(source: str) -> str:
    return f"{{% for item in {source} %}}{_LINE}{{% endfor %}}"


def _titled(heading: str) -> str:
    return f'<h2 class="ink" style="margin:8px 8px 16px;font-size:18px;line-height:24px;color:#202223">{heading}</h2>\n'


def _table(inside: str) -> str:
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="width:100%;table-layout:fixed">\n{inside}</table>\n'
    )
