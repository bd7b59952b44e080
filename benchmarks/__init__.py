"""How fast: the same training steps on many engines, a process for each, in one run."""
