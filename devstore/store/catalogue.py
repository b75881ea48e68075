"""Changes to products, collections and stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from devstore.model import Collection, Product, Variant
from devstore.store.records import Records, field_value, free_handle, get

_PRODUCT_FIELDS = frozenset(
    ("title", "description", "vendor", "product_type", "tags", "status", "published_at", "handle", "is_gift_card")
)
_COLLECTION_FIELDS = frozenset(("title", "description", "handle", "product_ids", "sort_order"))


class CatalogueChanges(Records):
    """What the shop's owner does to what is sold."""

    def update_product(self, product_id: int, **changes: Any) -> Product:
        """Change fields of a product; `price` and `compare_at_price` go to all of its variants."""
        with self.lock:
            product = get(self.products, product_id, "product")
            now = self.clock.now()
            for name, value in changes.items():
                if name in ("price", "compare_at_price"):
                    for variant in product.variants:
                        setattr(variant, name, value)
                        variant.updated_at = now
                elif name in _PRODUCT_FIELDS:
                    setattr(product, name, tuple(value) if name == "tags" else value)
                else:
                    raise ValueError(f"a product has no {name} that could be changed")
            if "handle" in changes:
                self._handles = {p.handle: p.id for p in self.products.values()}
            product.updated_at = now
            self.emit("products/update", product)
            return product

    def create_product(self, *, title: str, price: int, quantity: int = 0, **fields: Any) -> Product:
        """Add a product with one variant."""
        with self.lock:
            now, product_id = self.clock.now(), self.next_id()
            handle = fields.pop("handle", None) or free_handle(title, self._handles)
            variant = Variant(
                id=self.next_id(), product_id=product_id, title="Default Title", sku=f"NEW-{product_id}", price=price,
                compare_at_price=None, inventory_item_id=self.next_id(), quantity=quantity, updated_at=now,
            )  # fmt: skip
            product = Product(
                id=product_id, handle=handle, title=title, description="", vendor=self.world.shop.name,
                product_type="", tags=(), status="ACTIVE", created_at=now, updated_at=now, published_at=now,
                variants=[variant], image_text=title,
            )  # fmt: skip
            changed: dict[str, Any] = {k: field_value(k, v) for k, v in fields.items()}
            product = replace(product, **changed)
            self.products[product_id] = product
            self.variants[variant.id] = variant
            self.variant_of_item[variant.inventory_item_id] = variant.id
            self._handles[handle] = product_id
            self.emit("products/create", product)
            return product

    def delete_product(self, product_id: int) -> None:
        """Remove a product. Order lines keep its title; their product reads as null from now on."""
        with self.lock:
            product = get(self.products, product_id, "product")
            for collection in self.collections_of(product_id):
                collection.product_ids.remove(product_id)
                collection.updated_at = self.clock.now()
            for variant in product.variants:
                self.variants.pop(variant.id, None)
                self.variant_of_item.pop(variant.inventory_item_id, None)
            del self.products[product_id]
            self._handles.pop(product.handle, None)
            self.emit("products/delete", product)

    def update_collection(self, collection_id: int, **changes: Any) -> Collection:
        with self.lock:
            collection = get(self.collections, collection_id, "collection")
            if unknown := set(changes) - _COLLECTION_FIELDS:
                raise ValueError(f"a collection has no {', '.join(sorted(unknown))} that could be changed")
            self._keep_native_order(collection, changes.get("sort_order", collection.sort_order))
            for name, value in changes.items():
                setattr(collection, name, value)
            collection.updated_at = self.clock.now()
            self.emit("collections/update", collection)
            return collection

    def _keep_native_order(self, collection: Collection, sort_order: str) -> None:
        """A manual order begins as the one before it, and leaving it brings that one back."""
        if collection.sort_order != "MANUAL" and sort_order == "MANUAL":
            self._native_orders[collection.id] = list(collection.product_ids)
        elif collection.sort_order == "MANUAL" and sort_order != "MANUAL":
            native = self._native_orders.pop(collection.id, [])
            places = {product_id: place for place, product_id in enumerate(native)}
            collection.product_ids.sort(key=lambda product_id: places.get(product_id, len(places)))

    def create_collection(self, *, title: str, product_ids: Sequence[int] = (), description: str = "") -> Collection:
        with self.lock:
            handle = free_handle(title, {c.handle: c.id for c in self.collections.values()})
            made = Collection(self.next_id(), handle, title, description, list(product_ids), self.clock.now())
            self.collections[made.id] = made
            self.emit("collections/create", made)
            return made

    def delete_collection(self, collection_id: int) -> None:
        with self.lock:
            collection = get(self.collections, collection_id, "collection")
            del self.collections[collection_id]
            self.emit("collections/delete", collection)

    def set_inventory(self, variant_id: int, quantity: int, *, webhooks: bool = True) -> Variant:
        """Set what is available of a variant at the shop's one location."""
        with self.lock:
            variant = get(self.variants, variant_id, "variant")
            variant.quantity = quantity
            variant.updated_at = self.clock.now()
            product = self.products[variant.product_id]
            product.updated_at = variant.updated_at
            if webhooks:
                # Both topics, as on Shopify: stock is part of a variant, so its product changes too.
                self.emit("inventory_levels/update", variant)
                self.emit("products/update", product)
            return variant
