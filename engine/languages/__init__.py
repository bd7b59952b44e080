"""The table of operations in five languages: Python, NumPy, torch, C, JavaScript.

It uses one room below it, `native`: the syntax trees of the table, and the C written by hand.
"""
