"""The shops that this process can answer for from memory: catalogue, stock and model, kept fresh by one thread."""
