"""The player: the graph, the program and the story of its run, all in the browser."""
