"""What the Gradients page shows: which program, which chart, and what a click on it does."""
