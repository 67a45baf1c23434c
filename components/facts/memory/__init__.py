"""What is true of the memory of a trace: bytes over the run, what was held when and why, what a loop keeps."""
