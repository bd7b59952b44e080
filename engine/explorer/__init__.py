"""The explorer: a page, or a widget, that steps through a graph, forward and backward."""

from engine.explorer.explorer import Explorer as Explorer
from engine.explorer.explorer import explore as explore
