"""Renderers: DOT as a picture, or as the text that another program draws."""
