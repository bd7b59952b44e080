"""What makes the shelf C: the table translated, its rows as kernels, and the switch back to Python.

It imports nothing of engine but itself, since the build runs it before there is an engine.
"""
