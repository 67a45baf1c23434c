"""The player: the graph, the program and the story of its run, all in the browser."""

from components.widgets.player.view import player, standalone_page

__all__ = ["player", "standalone_page"]
