"""What the Derivatives page shows: where the function comes from, what is asked of it, and each section's answer."""
