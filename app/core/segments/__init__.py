"""Segments of customers: rules as values, how they are read, said in words and held against what is known."""
