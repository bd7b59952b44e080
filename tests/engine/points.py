"""The points at which every op of the table is tested, and a gradient as floats."""

from itertools import product

from engine import Value

EPSILON = 2.0**-52

# Points off every kink, and with no two coordinates equal, so that nothing ties.
COORDINATES = [
    [-2.3, -0.7, -0.31, 0.4, 0.83, 1.7, 3.1],
    [-1.9, -0.6, 0.45, 1.2, 2.6],
    [-0.8, 0.9],
]


def is_defined(op, point):
    try:
        op(*point)
    except (ArithmeticError, ValueError):
        return False
    return True


def grid(op):
    """Points at which op has a value: of its number of inputs, or of one to three."""
    lengths = [op.arity] if op.arity else [1, 2, 3]
    return [p for n in lengths for p in product(*COORDINATES[:n]) if is_defined(op, p)]


def gradient(op, point):
    """The partials that backward leaves on the inputs of op(*point)."""
    xs = [Value(x) for x in point]
    op(*xs).backward()
    return [x.grad for x in xs]
