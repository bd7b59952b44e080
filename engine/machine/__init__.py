"""The machine: what runs the instructions of a plan in C, and how they are prepared for it."""
