"""Data files for `attune evaluate`: Parquet, CSV and CSV.gz in the layouts of docs/evaluation.md, into plain arrays.

`tables` opens files, `columns` reads what a column may look like (ids, lists, times, marks), `layouts` knows which
columns each protocol wants and makes its exam of them.
"""
