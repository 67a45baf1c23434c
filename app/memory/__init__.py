"""What the Memory page shows: which program, its timeline, what was alive and why, and what would save memory."""
