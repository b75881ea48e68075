"""The simulated shop: a separate program that speaks Shopify's wire.

It imports nothing of ``app`` or ``workers`` and has its own signing, paging and pricing code, so that a
mistake made on our side cannot be made here as well and hide.
"""
