"""The machine: what runs the instructions of a plan in C, and what prepares them for it.

It imports nothing of engine but itself.
"""
