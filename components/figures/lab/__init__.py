"""The Lab's picture of a graph: what is in it, how it is folded, as records and as DOT."""
