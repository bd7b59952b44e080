"""Formulas as text: read, written, and the names of values in them."""
