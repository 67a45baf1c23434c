"""What the words on the pages mean, one sentence each: tooltips, the help and the glossary say the same."""

from __future__ import annotations

# Words of the graph: its legend, the kinds of nodes, what a card names.
GRAPH: dict[str, str] = {
    "leaf": "A tensor that no recorded operation made; backward() puts its gradient into .grad.",
}

# Words of the pages: switches, buttons, heads of columns, names of pages.
PAGES: dict[str, str] = {
    "retain_graph": "Keeps what the graph has saved, so that another backward() can go through it.",
}
