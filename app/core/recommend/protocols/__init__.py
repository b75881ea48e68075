"""The protocols of `attune evaluate`: what models may learn from, what they are asked, and how answers are graded.

Each protocol makes an `Exam` out of plain arrays (`sessions`, `baskets`, `purchases`), and `grading` asks its questions
once. Validation parts, on which parameters are chosen, are cut from what may be learnt from by `models/replay.py`.
"""
