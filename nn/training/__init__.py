"""Training: the loop of `fit`, its record, and its steps in the machine."""
