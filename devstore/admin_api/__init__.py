"""The Admin GraphQL API of one shop: the real schema, executed over the records of a `Store`.

What Shopify's schema does not have is refused as Shopify refuses it; what the schema has and the devstore lacks is
`NotSimulated` (HTTP 501), so that a missing piece never looks like an empty shop.
"""
