"""Diagrams: graphs of values as DOT, whole, in part or folded."""
