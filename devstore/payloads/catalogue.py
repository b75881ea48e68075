"""Bodies of products, collections and inventory levels."""

from __future__ import annotations

from devstore.model import Collection, Product, Variant
from devstore.payloads.wire import Payload, Wire


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
            "variants": [self.variant(variant, product) for variant in product.variants],
            "options": [{"name": "Title", "position": 1, "values": [v.title for v in product.variants]}],
            "image": (image := self._image(product)),
            "images": [image],
        }

    def variant(self, variant: Variant, product: Product) -> Payload:
        price, before = variant.price, variant.compare_at_price
        return {
            "id": variant.id,
            "product_id": product.id,
            "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant.id}",
            "title": variant.title,
            "option1": variant.title,
            "sku": variant.sku,
            "price": self.money(price),
            "compare_at_price": None if before is None else self.money(before),
            "position": variant.position,
            "inventory_policy": "continue" if variant.oversell else "deny",
            "inventory_management": "shopify" if variant.tracked else None,
            "inventory_item_id": variant.inventory_item_id,
            "inventory_quantity": variant.quantity,
            "taxable": True,
            "created_at": self.time(product.created_at),
            "updated_at": self.time(variant.updated_at or product.updated_at),
        }

    def _image(self, product: Product) -> Payload:
        return {
            "id": product.id,
            "product_id": product.id,
            "position": 1,
            "alt": product.image_text or product.title,
            "src": f"{self._options.origin}/cdn/products/{product.id}.svg",
            "width": 800,
            "height": 800,
        }

    def collection(self, collection: Collection) -> Payload:
        return {
            "id": collection.id,
            "admin_graphql_api_id": f"gid://shopify/Collection/{collection.id}",
            "handle": collection.handle,
            "title": collection.title,
            "body_html": f"<p>{collection.description}</p>" if collection.description else "",
            "updated_at": self.time(collection.updated_at),
            "published_at": self.time(collection.updated_at),
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
