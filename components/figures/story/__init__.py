"""What happened in a run, in order, and how it is told over a picture of its graph."""
