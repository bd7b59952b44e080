"""Explanations: a gradient as a sum over paths, in words and formulas."""
