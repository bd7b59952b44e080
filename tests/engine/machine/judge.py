"""The judge of the machine: the same plan in Python, a number at a time."""

import math
from array import array
from types import SimpleNamespace

from engine import Value
from engine.ops import TABLE


def widths():
    """The widths of vectors that this processor has, all that can be forced."""
    from engine.machine.machine import Machine  # here, since there is none in a pure build

    found = []
    for width in (1, 2, 4, 8):
        try:
            Machine(plan(), 1, _width=width)
            found.append(width)
        except ValueError:
            pass
    return found


def plan(**parts):
    """A plan of one input, whose sum is the loss, unless the parts say otherwise."""
    usual = {"parameters": 0, "constants": [], "inputs": 1, "rows": 1, "tail_rows": 1}
    usual |= {"body": [], "sums": [("sum", 0, (0,))], "tail": [], "output": 0}
    return SimpleNamespace(**{**usual, "sequential": False, **parts})


def numbers_of(kind, **given):
    """All numbers of an optimiser, as a machine takes them: those given, and nn's defaults."""
    group = kind([Value(0.0)], **given).param_groups[0]
    return {name: x for name, x in group.items() if name not in ("params", "lr")}


class Slow:
    """A plan run on lists of floats. Raises what Python raises."""

    def __init__(self, plan, lanes, parameters, rows, classes=None):
        self.plan, self.lanes = plan, lanes
        self.scalars = [*parameters, *plan.constants]
        self.scalar_grads = [0.0] * len(self.scalars)
        self.classes = classes or [0] * lanes
        f = plan.inputs
        self.body = [[0.0] * lanes for _ in range(plan.rows)]
        self.body_grads = [[0.0] * lanes for _ in range(plan.rows)]
        self.tail = [[0.0] for _ in range(plan.tail_rows)]
        self.tail_grads = [[0.0] for _ in range(plan.tail_rows)]
        for s in range(lanes):
            for i in range(f):
                self.body[i][s] = rows[s * f + i]

    def run(self):
        for c in self.plan.body:
            for s in range(self.lanes):
                self.compute(c, self.body, s)
        for _, out, rows in self.plan.sums:
            summands = [self.body[self.chosen(rows, s)][s] for s in range(self.lanes)]
            total = summands[0]
            for x in summands[1:]:
                total += x
            self.tail[out][0] = total
        for c in self.plan.tail:
            self.compute(c, self.tail, 0)
        return self.tail[self.plan.output][0]

    def differentiate(self):
        self.tail_grads[self.plan.output][0] = 1.0
        for c in reversed(self.plan.tail):
            self.pass_on(c, self.tail, self.tail_grads, 0)
        for _, out, rows in reversed(self.plan.sums):
            for s in range(self.lanes):
                self.body_grads[self.chosen(rows, s)][s] += self.tail_grads[out][0]
        lanes, code = range(self.lanes)[::-1], self.plan.body[::-1]
        if self.plan.sequential:
            order = [(c, s) for s in lanes for c in code]
        else:
            order = [(c, s) for c in code for s in lanes]
        for c, s in order:
            self.pass_on(c, self.body, self.body_grads, s)
        return self.scalar_grads[: self.plan.parameters]

    def chosen(self, rows, s):
        return rows[self.classes[s] if len(rows) > 1 else 0]

    def value(self, operand, rows, s):
        return rows[operand][s] if operand >= 0 else self.scalars[~operand]

    def dots(self, c):
        """A layer as dots: (row, operands)."""
        _, out, inputs, weights, biases = c[:5]
        return [(out + j, (*row, *inputs, *biases[j : j + 1])) for j, row in enumerate(weights)]

    def compute(self, c, rows, s):
        if c[0] == "layer":
            for out, operands in self.dots(c):
                self.compute(("dot", out, operands), rows, s)
            return
        rows[c[1]][s] = TABLE[c[0]].evaluate(*[self.value(x, rows, s) for x in c[2]])

    def pass_on(self, c, rows, grads, s):
        if c[0] == "layer":
            if c[5:6] != (False,):
                for out, operands in reversed(self.dots(c)):
                    self.pass_on(("dot", out, operands), rows, grads, s)
            return
        name, out, operands = c[:3]
        if c[3:4] == (False,):
            return
        op, z, grad = TABLE[name], rows[out][s], grads[out][s]
        constant = [x < 0 and ~x >= self.plan.parameters for x in operands]
        wanted = [op.passes(i) and not constant[i] for i in range(len(operands))]
        slopes = op.slopes(z, [self.value(x, rows, s) for x in operands], wanted)
        for x, slope, want in zip(operands, slopes, wanted):
            if want and x >= 0:
                grads[x][s] += grad * slope
            elif want:
                self.scalar_grads[~x] += grad * slope


def expected(plan, lanes, parameters, rows, classes=None):
    """(value, grads) in Python, or None where it raises or the loss is not finite."""
    slow = Slow(plan, lanes, parameters, rows, classes)
    try:
        value = slow.run()
        return (value, slow.differentiate()) if math.isfinite(value) else None
    except (ArithmeticError, ValueError):
        return None


def bits(answer):
    value, grads = answer
    return [float(x).hex() for x in (value, *grads)]


def floats(rng, n, low=-2.0, high=2.0):
    return array("d", [rng.uniform(low, high) for _ in range(n)])


def check(plan, lanes, parameters, rows, classes=None, **settings):
    """Whether the machine answered; if so, it must have been right."""
    from engine.machine.machine import Machine

    made = Machine(plan, lanes, **{f"_{name}": x for name, x in settings.items()})
    got = made.evaluate(parameters, rows, classes)
    if got is None:
        return False
    right = expected(plan, lanes, parameters, rows, classes)
    assert right is not None
    assert bits(got) == bits(right)
    return True
