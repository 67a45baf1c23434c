"""What whoever runs the server sees of it and does with it: counts, logs, health, a stop that lets programs end."""
