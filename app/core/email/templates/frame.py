"""The frame of every mail: head, logo, and the foot with unsubscribing, the address and why one gets this.

Styles stand inline because some programs drop the head; what only the head can say is dark mode and the phone's
padding. https://developers.klaviyo.com/en/docs/templates_api_overview
"""

from __future__ import annotations

from html import escape
from typing import Final

from app.core.email.look import Look

FONT: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
WHY: Final = (
    "You get this mail because you subscribed to our news. Products are chosen by what you looked at, ordered or left "
    "in your cart here; where we know nothing, they are our best sellers."
)

_HEAD: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; supported-color-schemes: light dark; }}
@media (max-width: 480px) {{
  .outer {{ padding: 0 !important; }}
  .inner {{ padding: 20px 12px !important; border-radius: 0 !important; }}
}}
@media (prefers-color-scheme: dark) {{
  .page {{ background: #111213 !important; }}
  .inner {{ background: #1d1f20 !important; }}
  .ink {{ color: #f1f2f3 !important; }}
  .soft {{ color: #b5b9bc !important; }}
  .panel {{ background: #292c2e !important; }}
  .logo {{ background: #ffffff !important; border-radius: 6px !important; padding: 6px !important; }}
}}
</style>
</head>
"""

_BODY: Final = """\
<body class="page" style="margin:0;padding:0;background:#f3f4f5;font-family:{font}">
<div style="display:none;max-height:0;overflow:hidden;font-size:1px;line-height:1px;opacity:0">{preheader}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" \
style="width:100%;background:#f3f4f5"><tr><td class="outer" align="center" style="padding:24px 12px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px">
<tr><td class="inner" style="padding:28px 24px;background:#ffffff;border-radius:10px">
{logo}
{content}
</td></tr>
<tr><td class="soft" align="center" style="padding:20px 24px 32px;font-size:12px;line-height:18px;color:#5c5f62">
<p style="margin:0 0 8px">{why}</p>
<p style="margin:0 0 8px"><a class="soft" href="{{% manage_preferences_link %}}" style="color:#5c5f62">\
Adjust your preferences</a> &middot; \
<a class="soft" href="{{% unsubscribe_link %}}" style="color:#5c5f62">Unsubscribe</a></p>
<p style="margin:0">{{{{ organization.name }}}} &middot; {{{{ organization.full_address }}}}</p>
</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""

_LOGO: Final = (
    '<a href="{{ organization.url }}"><img class="logo" src="%s" alt="{{ organization.name }}" height="40" '
    'style="display:block;height:40px;width:auto;max-width:240px;border:0;margin:0 8px 20px"></a>'
)
_NAME: Final = (
    '<p style="margin:0 8px 20px;font-size:20px;line-height:26px;font-weight:700">'
    '<a class="ink" href="{{ organization.url }}" style="color:#202223;text-decoration:none">{{ organization.name }}'
    "</a></p>"
)


def framed(title: str, preheader: str, content: str, look: Look) -> str:
    """A whole HTML document; `content` is HTML with Klaviyo's tags."""
    logo = _LOGO % escape(look.logo) if look.logo else _NAME
    return _HEAD.format(title=title) + _BODY.format(font=FONT, preheader=preheader, logo=logo, content=content, why=WHY)


def framed_text(content: str) -> str:
    """A whole text; nothing is escaped in it."""
    return (
        f"{{% autoescape off %}}{content}\n\n--\n{WHY}\n"
        "Adjust your preferences: {% manage_preferences_link %}\nUnsubscribe: {% unsubscribe_link %}\n"
        "{{ organization.name }}, {{ organization.full_address }}\n{% endautoescape %}"
    )
