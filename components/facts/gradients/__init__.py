"""What is true of the gradients of a trace: what each call added to which ``.grad``, and how they flow in between."""
