"""The objects of Shopify's Liquid reference, made from the store's records."""
