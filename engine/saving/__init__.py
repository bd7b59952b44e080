"""Saving: files that are never half written, and pages that are one file."""
