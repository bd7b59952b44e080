"""Programs: a graph as a list of steps, a batch of samples as rows, either one as source.

A `Tape` is a graph as a list. A `Program` computes a tape again, and prints it as source. A `Plan`
is the tape of a batch's loss as instructions on rows, which a machine runs.
"""
