"""Formulas: text that is read as a formula, formulas that are written as text, and their names."""
