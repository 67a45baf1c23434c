"""The interactive graph: pan, zoom, select, and a card about what is selected, all in the browser."""

from components.widgets.graph_view.view import graph_view

__all__ = ["graph_view"]
