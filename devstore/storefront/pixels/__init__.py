"""Web pixels as Shopify runs them: standard events of each page, and a sandbox apart from the theme's scripts."""
