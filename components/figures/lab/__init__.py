"""The Lab's picture of a graph: what is in it as records, and as DOT."""
