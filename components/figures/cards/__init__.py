"""What is told about the one thing selected."""
