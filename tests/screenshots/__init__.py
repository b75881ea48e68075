"""`make screenshots`: every page and rail of the demo, photographed at two widths into docs/images.

People look at the pictures before a release; nothing is compared by machine.
"""
