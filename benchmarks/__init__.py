"""How fast: the same training steps on several engines, one process each, in one run."""
