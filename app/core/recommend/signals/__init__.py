"""The ways in which a shopper's history speaks for items, each fitted by a trainer in `app.core.recommend.models`.

A signal is plain arrays and the NumPy code that reads them, so that the web process runs what the exam has measured.
"""
