"""The build: what makes the shelf C, and what has Python run all the same."""
