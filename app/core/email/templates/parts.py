"""The parts that only some mails have: the way to the cart, care, the product that it is about, the offer.

Each shows itself only where the event brought what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.core.email.flows.plan import Part
from app.core.email.look import Look

_SOFT: Final = 'class="soft" style="margin:0 0 8px;font-size:14px;line-height:20px;color:#5c5f62"'
_INK: Final = 'class="ink" style="margin:0 0 8px;font-size:16px;line-height:24px;color:#202223"'


def html_of(part: Part, look: Look) -> str:
    return _HTML[part](look)


def text_of(part: Part) -> str:
    return _TEXT[part]


def _cart(look: Look) -> str:
    return f"{{% if event.cart_url %}}{_button('{{ event.cart_url }}', 'Back to your cart', look)}{{% endif %}}\n"


def _care(_: Look) -> str:
    inside = (
        f"<p {_INK}><strong>{{{{ event.care.title }}}}</strong></p>"
        f"{{% if event.care.text %}}<p {_SOFT}>{{{{ event.care.text }}}}</p>{{% endif %}}"
        '{% if event.care.url %}<p style="margin:0;font-size:14px;line-height:20px">'
        '<a class="ink" href="{{ event.care.url }}" style="color:#202223">Read on</a></p>{% endif %}'
    )
    return f"{{% if event.care.title %}}{_panel(inside)}{{% endif %}}\n"


def _product(look: Look) -> str:
    picture = (
        '{% if event.product.image %}<a href="{{ event.product.url }}"><img src="{{ event.product.image }}" '
        'alt="{{ event.product.title }}" width="200" style="display:block;width:200px;max-width:100%;height:auto;'
        'border:0;border-radius:6px;margin:0 0 12px"></a>{% endif %}'
    )
    words = (
        f"<p {_INK}><strong>{{{{ event.product.title }}}}</strong></p><p {_SOFT}>{{{{ event.product.price }}}}"
        "{% if event.product.compare_at %} <s>{{ event.product.compare_at }}</s>{% endif %}</p>"
    )
    button = _button("{{ event.product.url }}", "Have a look", look)
    return f"{{% if event.product.url %}}{_panel(picture + words + button)}{{% endif %}}\n"


def _offer(look: Look) -> str:
    button = _button("{{ event.offer_url }}", "Use your code", look, padding="8px 0 0")
    inside = (
        f"<p {_INK}>{{{{ event.offer_text|default:'A little something for you' }}}}</p>"
        '<p class="ink" style="margin:0 0 8px;font-size:22px;line-height:28px;font-weight:700;letter-spacing:1px;'
        'color:#202223">{{ event.offer_code }}</p>'
        f"{{% if event.offer_ends %}}<p {_SOFT}>Good once, until {{{{ event.offer_ends }}}}.</p>{{% endif %}}"
        f"{{% if event.offer_url %}}{button}{{% endif %}}"
    )
    return f"{{% if event.offer_code %}}{_panel(inside)}{{% endif %}}\n"


def _panel(inside: str) -> str:
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td style="padding:0 8px 24px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        'border="0"><tr><td class="panel" style="padding:20px;background:#f3f4f5;border-radius:8px">'
        f"{inside}</td></tr></table></td></tr></table>"
    )


def _button(url: str, label: str, look: Look, *, padding: str = "0 8px 24px") -> str:
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>'
        f'<td style="padding:{padding}">'
        f'<a href="{url}" style="display:inline-block;padding:14px 24px;background:{look.colour};color:'
        f'{look.on_colour};border-radius:6px;font-size:16px;line-height:20px;font-weight:600;text-decoration:none">'
        f"{label}</a></td></tr></table>"
    )


_HTML: Final[dict[Part, Callable[[Look], str]]] = {
    Part.CART: _cart,
    Part.CARE: _care,
    Part.PRODUCT: _product,
    Part.OFFER: _offer,
}
_TEXT: Final[dict[Part, str]] = {
    Part.CART: "{% if event.cart_url %}Back to your cart: {{ event.cart_url }}\n\n{% endif %}",
    Part.CARE: "{% if event.care.title %}{{ event.care.title }}{% if event.care.text %}\n{{ event.care.text }}"
    "{% endif %}{% if event.care.url %}\n{{ event.care.url }}{% endif %}\n\n{% endif %}",
    Part.PRODUCT: "{% if event.product.url %}{{ event.product.title }}, {{ event.product.price }}\n"
    "{{ event.product.url }}\n\n{% endif %}",
    Part.OFFER: "{% if event.offer_code %}{{ event.offer_text|default:'A little something for you' }}: "
    "{{ event.offer_code }}{% if event.offer_ends %}, good once, until {{ event.offer_ends }}{% endif %}\n"
    "{% if event.offer_url %}{{ event.offer_url }}\n{% endif %}\n"
    "{% endif %}",
}
