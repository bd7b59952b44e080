"""Training: the loop of `fit`, the run and its record, and the steppers that do its steps."""
