"""Saving: files that are whole or not there, and pages that are one file."""
