"""Simulated shoppers: browsers over HTTP with wishes of their own, who answer to what the store shows them.

A program beside the store (``python -m devstore.shoppers``). It knows the world's truth (`devstore.worlds.taste`) and
the wire, nothing else: pages are fetched and read as a browser reads them, and what the theme's scripts and the web
pixel would send after consent is sent from here, in the same requests. What it counts is simulated, and says so.
"""
