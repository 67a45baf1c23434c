"""What the Compare page consists of: its two sides, the pairs to begin with, what is shown of them, how to share it."""
