"""Renderers: DOT, the text of a graph, as SVG and other pictures, or for other programs to draw."""
