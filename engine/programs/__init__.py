"""Programs: a graph as a list of steps, a batch of samples as rows, either one as source."""
