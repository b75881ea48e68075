"""The image filters: image_url gives an address with a width, image_tag the element with its srcset."""

from __future__ import annotations

import html
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Picture(Protocol):
    """What the filters need of an image drop."""

    @property
    def src(self) -> str: ...
    @property
    def alt(self) -> str: ...
    @property
    def aspect_ratio(self) -> float: ...


class ImageUrl(str):
    """An address that remembers its picture, so that `image_tag` can add alt text and size, as Shopify's does."""

    __slots__ = ("picture", "width")
    picture: Picture | None
    width: int | None


def picture_of(value: Any) -> Picture | None:
    if isinstance(value, Picture):
        return value
    image = getattr(value, "featured_image", None)
    return image if isinstance(image, Picture) else None


def image_url(value: Any, **options: Any) -> str:
    """`{{ product | image_url: width: 400 }}`."""
    picture = picture_of(value)
    src = picture.src if picture else str(value or "")
    if not src:
        return ""
    sizes = [f"{name}={int(options[name])}" for name in ("width", "height") if options.get(name)]
    url = ImageUrl(src + ("?" + "&".join(sizes) if sizes else ""))
    url.picture, url.width = picture, int(options["width"]) if options.get("width") else None
    return url


def image_tag(url: Any, **options: Any) -> str:
    """`{{ url | image_tag: loading: 'lazy', widths: '200, 400', sizes: '50vw' }}`."""
    if not url:
        return ""
    attributes: dict[str, Any] = {"src": str(url), **_known_size(url)}
    widths = options.pop("widths", None)
    if widths:
        base = str(url).split("?", 1)[0]
        wanted = [int(width) for width in str(widths).split(",")]
        attributes["srcset"] = ", ".join(f"{base}?width={width} {width}w" for width in wanted)
    attributes.update({name: value for name, value in options.items() if value is not None})
    return "<img " + " ".join(f'{name}="{html.escape(str(value))}"' for name, value in attributes.items()) + ">"


def _known_size(url: Any) -> dict[str, Any]:
    if not isinstance(url, ImageUrl) or url.picture is None:
        return {}
    known: dict[str, Any] = {"alt": url.picture.alt}
    if url.width:
        known |= {"width": url.width, "height": round(url.width / url.picture.aspect_ratio)}
    return known
