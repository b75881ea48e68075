"""Bodies of products, collections and inventory levels.

They are poorer than the Admin API: a variant says neither whether its stock is tracked nor what it costs to make, a
product not whether it is a gift card, a collection not which products are in it.
"""

from __future__ import annotations

from devstore.model import Collection, Product, Variant
from devstore.payloads.wire import Payload, Wire

FULL_VARIANTS = 100
"""Variants beyond these are only named in `variant_gids`."""


class CataloguePayloads(Wire):
    def product(self, product: Product) -> Payload:
        return {
            "id": product.id,
            "admin_graphql_api_id": f"gid://shopify/Product/{product.id}",
            "title": product.title,
            "body_html": f"<p>{product.description}</p>" if product.description else "",
            "handle": product.handle,
            "vendor": product.vendor,
            "product_type": product.product_type,
            "status": product.status.lower(),
            "tags": ", ".join(sorted(product.tags)),
            "template_suffix": None,
            "published_scope": "web",
            "created_at": self.time(product.created_at),
            "updated_at": self.time(product.updated_at),
            "published_at": self._maybe(product.published_at),
            "category": None,
            "has_variants_that_requires_components": False,
            "variants": [self._variant(variant, product) for variant in product.variants[:FULL_VARIANTS]],
            "variant_gids": [self._variant_gid(variant, product) for variant in product.variants],
            "options": [self._option(product)],
            "image": (image := self._image(product)),
            "images": [image],
            "media": [self._media(product)],
        }

    def _option(self, product: Product) -> Payload:
        titles = [variant.title for variant in product.variants]
        return {"id": product.id, "product_id": product.id, "name": "Title", "position": 1, "values": titles}

    def _variant_gid(self, variant: Variant, product: Product) -> Payload:
        return {
            "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant.id}",
            "updated_at": self.time(variant.updated_at or product.updated_at),
        }

    def _variant(self, variant: Variant, product: Product) -> Payload:
        price, before = variant.price, variant.compare_at_price
        return {
            "id": variant.id,
            "product_id": product.id,
            "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant.id}",
            "title": variant.title,
            "option1": variant.title,
            "option2": None,
            "option3": None,
            "barcode": None,
            "image_id": None,
            "sku": variant.sku,
            "price": self.money(price),
            "compare_at_price": None if before is None else self.money(before),
            "position": variant.position,
            "inventory_policy": "continue" if variant.oversell else "deny",
            "inventory_item_id": variant.inventory_item_id,
            "inventory_quantity": variant.quantity,
            "old_inventory_quantity": variant.quantity,
            "taxable": True,
            "created_at": self.time(product.created_at),
            "updated_at": self.time(variant.updated_at or product.updated_at),
        }

    def _image(self, product: Product) -> Payload:
        return {
            "id": product.id,
            "admin_graphql_api_id": f"gid://shopify/ProductImage/{product.id}",
            "product_id": product.id,
            "position": 1,
            "alt": product.image_text or product.title,
            "src": self._picture(product),
            "width": 800,
            "height": 800,
            "variant_ids": [],
            "created_at": self.time(product.created_at),
            "updated_at": self.time(product.created_at),
        }

    def _media(self, product: Product) -> Payload:
        return {
            "id": product.id,
            "admin_graphql_api_id": f"gid://shopify/MediaImage/{product.id}",
            "product_id": product.id,
            "position": 1,
            "alt": product.image_text or product.title,
            "media_content_type": "IMAGE",
            "status": "READY",
            "preview_image": {"src": self._picture(product), "width": 800, "height": 800, "status": "READY"},
            "variant_ids": [],
            "created_at": self.time(product.created_at),
            "updated_at": self.time(product.created_at),
        }

    def _picture(self, product: Product) -> str:
        return f"{self._options.origin}/cdn/products/{product.id}.svg"

    def collection(self, collection: Collection) -> Payload:
        return {
            "id": collection.id,
            "admin_graphql_api_id": f"gid://shopify/Collection/{collection.id}",
            "handle": collection.handle,
            "title": collection.title,
            "body_html": f"<p>{collection.description}</p>" if collection.description else "",
            "updated_at": self.time(collection.updated_at),
            "published_at": self.time(collection.updated_at),
            "template_suffix": None,
            "sort_order": collection.sort_order.lower().replace("_", "-"),
            "published_scope": "web",
        }

    def inventory_level(self, variant: Variant) -> Payload:
        item = variant.inventory_item_id
        return {
            "inventory_item_id": item,
            "location_id": self._store.world.location_id,
            "available": variant.quantity,
            "updated_at": self.time(variant.updated_at or self._store.clock.now()),
            "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{item}?inventory_item_id={item}",
        }
