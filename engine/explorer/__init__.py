"""The explorer: a page, or a widget, that steps through a graph, forward and backward."""
