"""What is true of two traces side by side: which nodes are which, what differs, and the verdict in one line."""
