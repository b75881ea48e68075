"""What a rail really earns: the same simulated people on the same days, once with it on product pages and once without.

A program of its own (``python -m devstore.outcomes``) that speaks no word of the app: it reads lists of products from a
file and writes, for every person, what she spent in both cases. No store can know both; a simulated one can, and so an
experiment's interval can be held against the truth. People, tastes and habits are those of `devstore.shoppers`.
"""
