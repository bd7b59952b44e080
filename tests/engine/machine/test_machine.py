"""The machine gives the numbers that Python gives, to the last bit, or none at all."""

import math
import random
import threading
from array import array
from itertools import pairwise
from types import SimpleNamespace

import pytest

from engine import Value
from engine.ops import TABLE
from nn import SGD, Adagrad, Adam, AdamW, RMSprop, clip_grad_norm_

machine = pytest.importorskip("engine.machine.machine", reason="needs the compiled build")
Machine = machine.Machine

SUPPORTED = [op for op in TABLE.values() if Machine.supports(op.name)]
MANY = ["dot", "maximum", "minimum", "logsumexp"]


TWO, CLASSES = array("d", [1.0, 2.0]), array("i", [0, 1])


def widths():
    """The widths of vectors that this processor has, all that can be forced."""
    found = []
    for width in (1, 2, 4):
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


# ---- the judge: the same plan in Python, a number at a time, in the order of chain_rule ----


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
    made = Machine(plan, lanes, **{f"_{name}": x for name, x in settings.items()})
    got = made.evaluate(parameters, rows, classes)
    if got is None:
        return False
    right = expected(plan, lanes, parameters, rows, classes)
    assert right is not None
    assert bits(got) == bits(right)
    return True


def test_the_judge_sees_the_order_of_a_sum():
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    numbers, rows = array("d", [1.0]), array("d", [1e16, 1.0, 1.0])

    right = expected(p, 3, numbers, rows)
    wrong = expected(p, 3, numbers, rows[::-1])

    assert right == (1e16, [1e16 + 2.0])
    assert wrong == (1e16 + 2.0, [1e16])
    assert bits(Machine(p, 3).evaluate(numbers, rows)) == bits(right)


# ---- every op ----


def inputs_of(op, rng):
    return op.arity or rng.randrange(1, 5)


def test_the_machine_supports_all_ops_but_hypot():
    assert [op.name for op in TABLE.values() if not Machine.supports(op.name)] == ["hypot"]


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("op", SUPPORTED, ids=lambda op: op.name)
def test_every_op_has_pythons_bits_with_any_operands(op, width):
    rng = random.Random(op.name)
    for lanes in (1, 2, 3, 4, 5, 8, 11):
        for _ in range(12):
            n = inputs_of(op, rng)
            operands = tuple(rng.choice([0, 1, ~i, ~(10 + i)]) for i in range(n))
            body = [
                ("add", 2, (0, ~5)),
                ("add", 3, (1, ~6)),
                (op.name, 4, tuple(x + 2 if x >= 0 else x for x in operands)),
                ("mul", 5, (4, ~7)),
            ]
            parts = {"inputs": 2, "rows": 6, "parameters": 10, "body": body}
            parts |= {"constants": list(floats(rng, 4, 0.1, 0.4))}
            numbers = floats(rng, 10, 0.1, 0.4)

            assert check(
                plan(**parts, sums=[("sum", 0, (5,))]),
                lanes,
                numbers,
                floats(rng, 2 * lanes, 0.1, 0.4),
                width=width,
            )


@pytest.mark.parametrize("op", SUPPORTED, ids=lambda op: op.name)
def test_every_op_has_pythons_bits_in_the_tail(op):
    rng = random.Random(op.name)
    for _ in range(30):
        n = inputs_of(op, rng)
        operands = tuple(rng.choice([0, 1, ~0, ~1, ~2, ~3]) for _ in range(n))
        tail = [("mul", 1, (0, ~2)), (op.name, 2, operands), ("mul", 3, (2, ~1))]
        parts = {"parameters": 3, "constants": [0.3], "tail_rows": 4, "output": 3, "tail": tail}

        assert check(plan(**parts), 2, floats(rng, 3, 0.1, 0.4), floats(rng, 2, 0.1, 0.4))


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, 5e-324, 1e308, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("op", SUPPORTED, ids=lambda op: op.name)
def test_at_special_numbers_the_machine_is_right_or_has_no_answer(op):
    rng = random.Random(op.name)
    answers = 0
    for _ in range(300):
        n = inputs_of(op, rng)
        body = [(op.name, n, tuple(range(n))), ("mul", n + 1, (n, ~0))]
        parts = {"inputs": n, "rows": n + 2, "body": body, "sums": [("sum", 0, (n + 1,))]}
        row = array("d", [rng.choice(SPECIAL) for _ in range(n)])
        answers += check(plan(parameters=1, **parts), 1, array("d", [0.5]), row)

    assert answers > 20


# ---- rows that are one loop, and gradients that begin with what comes first ----


def rows_plan(body, rows, summed, parameters=2, **parts):
    """A plan of two inputs, whose loss is the sum of the rows that are summed."""
    sums = [("sum", i, (row,)) for i, row in enumerate(summed)]
    tail = [("add", len(summed) + i, (i, i + 1)) for i in range(len(summed) - 1)]
    parts |= {"inputs": 2, "rows": rows, "body": body, "sums": sums, "tail": tail}
    parts |= {"tail_rows": len(summed) + len(tail), "output": len(summed) + len(tail) - 1}
    return plan(parameters=parameters, **parts)


SCALED = [("mul", 2, (0, ~0)), ("mul", 3, (1, ~1))]
SHAPES = {
    "one after the other": [
        ("tanh", 4, (2,)),
        ("tanh", 5, (3,)),
        ("exp", 6, (4,)),
        ("exp", 7, (5,)),
    ],
    "each of the one before": [(name, 4 + i, (3 + i,)) for i, name in enumerate(["tanh"] * 4)],
    "the same row again": [("tanh", 4 + i, (2,)) for i in range(4)],
    "crossed": [("tanh", 5, (2,)), ("tanh", 4, (3,)), ("tanh", 7, (4,)), ("tanh", 6, (5,))],
    "of rows used before": [
        ("mul", 4, (2, 3)),
        ("mul", 5, (3, 3)),
        ("exp", 6, (4,)),
        ("exp", 7, (5,)),
    ],
    "used by others, too": [
        ("exp", 4, (2,)),
        ("exp", 5, (3,)),
        ("mul", 6, (4, 2)),
        ("sub", 7, (3, 5)),
    ],
    "one of them of no use": [
        ("exp", 4, (2,)),
        ("exp", 5, (3,), False),
        ("neg", 6, (4,)),
        ("neg", 7, (2,)),
    ],
}


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_rows_of_the_same_op_have_pythons_bits_in_one_loop(shape, sequential):
    rng = random.Random(1)
    for lanes in (1, 2, 4, 7, 8):
        p = rows_plan(SCALED + shape, 8, (6, 7), sequential=sequential)

        assert check(p, lanes, floats(rng, 2), floats(rng, 2 * lanes))


@pytest.mark.parametrize("sequential", [False, True])
def test_a_gradient_that_begins_with_minus_zero_is_zero(sequential):
    body = [*SCALED, ("tanh", 4, (2,)), ("mul", 5, (4, ~2)), ("add", 6, (5, 3))]
    p = rows_plan(body, 7, (6,), constants=[-0.0], sequential=sequential)

    for lanes in (1, 4, 5):
        assert check(p, lanes, array("d", [0.0, 1.0]), array("d", [1.0, 0.0] * lanes))


def test_a_machine_begins_anew_with_each_run():
    rng = random.Random(2)
    p = rows_plan(SCALED + SHAPES["used by others, too"], 8, (6, 7))
    made = Machine(p, 4)
    for _ in range(3):
        numbers, rows = floats(rng, 2), floats(rng, 8)

        assert bits(made.evaluate(numbers, rows)) == bits(expected(p, 4, numbers, rows))


@pytest.mark.parametrize(
    "operands",
    [
        (~0, ~1, ~2, ~0, ~1, ~2),
        (~0, ~1, ~2, ~1, ~2, ~3),
        (~0, ~1, ~2, ~3, ~4, ~5),
        (~2, ~1, ~0, ~0, ~1, ~2),
        (~1, ~2, ~3, ~4, ~5, ~6),
        (~0, ~1, ~2, ~3, ~4, ~5, ~0),
    ],
)
def test_a_dot_of_parameters_alone_has_pythons_bits(operands):
    rng = random.Random(4)
    body, sums = [("mul", 1, (0, ~0))], [("sum", 0, (1,))]
    tail = [("dot", 1, operands), ("add", 2, (0, 1))]
    parts = {"inputs": 1, "rows": 2, "tail_rows": 3, "output": 2, "constants": [0.7, -1.3]}
    p = plan(parameters=5, body=body, sums=sums, tail=tail, **parts)

    assert check(p, 3, floats(rng, 5), floats(rng, 3))


# ---- layers ----


def layer_plan(k, m, biased, extra=0):
    """Two layers, the second of the first; the loss is the sum of a dot of its rows."""
    weights = [tuple(~(j * k + i) for i in range(k)) for j in range(m)]
    p = m * k
    biases = tuple(~(p + j) for j in range(m)) if biased else ()
    p += len(biases)
    second = [tuple(~(p + j * m + i) for i in range(m)) for j in range(k)]
    p += k * m
    last = tuple(~(p + j) for j in range(k))
    p += k
    body = [
        ("layer", k, tuple(range(k)), weights, biases),
        ("layer", k + m, tuple(range(k, k + m)), second, ()),
        ("dot", k + m + k, (*last, *range(k + m, k + m + k))),
    ]
    rows = 2 * k + m + 1
    return plan(parameters=p, inputs=k, rows=rows, body=body, sums=[("sum", 0, (rows - 1,))])


@pytest.mark.parametrize("width", widths())
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("k", range(1, 10))
def test_layers_of_all_shapes_have_pythons_bits(k, biased, width):
    rng = random.Random(k)
    for m in range(1, 10):
        for lanes in (1, 2, 3, 4, 5, 7, 8, 9, 16, 19):
            p = layer_plan(k, m, biased)

            assert check(p, lanes, floats(rng, p.parameters), floats(rng, k * lanes), width=width)


def test_a_layer_keeps_the_sign_of_a_zero():
    p = layer_plan(2, 5, True)
    parameters = array("d", [-0.0] * p.parameters)

    for lanes in (1, 6):
        assert check(p, lanes, parameters, array("d", [1.0, 0.0] * lanes))


def test_what_occurs_twice_in_a_layer_gets_its_contributions_in_order():
    rng = random.Random(0)
    weights = [(~0, ~1, ~0), (~1, ~2, ~3)]
    body = [("mul", 2, (0, ~4)), ("layer", 3, (2, 2, 1), weights, (~2, ~3)), ("mul", 5, (3, 4))]
    parts = {"parameters": 5, "inputs": 2, "rows": 6, "body": body, "sums": [("sum", 0, (5,))]}

    for lanes in (1, 2, 7):
        assert check(plan(**parts), lanes, floats(rng, 5), floats(rng, 2 * lanes))


def test_a_sequential_layer_has_pythons_bits_wherever_its_weights_are():
    rng = random.Random(3)
    for _ in range(60):
        k, m, lanes = rng.randrange(1, 7), rng.randrange(1, 7), rng.randrange(1, 6)
        names = [~i for i in range(m * (k + 1))]
        if rng.random() < 0.5:
            rng.shuffle(names)
        weights = [tuple(names[j * k : (j + 1) * k]) for j in range(m)]
        inputs = tuple(range(1, 1 + k))
        body = [("mul", 1 + i, (0, names[i])) for i in range(k)]
        body += [("layer", 1 + k, inputs, weights, tuple(names[m * k :]))]
        body += [("dot", 1 + k + m, (*names[:m], *range(1 + k, 1 + k + m)))]
        parts = {"rows": 2 + k + m, "parameters": m * (k + 1), "sums": [("sum", 0, (1 + k + m,))]}
        p = plan(**parts, body=body, sequential=True)

        assert check(p, lanes, floats(rng, p.parameters), floats(rng, lanes))


@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_layer_may_stand_in_the_tail(k):
    rng = random.Random(k)
    for m in (1, 2, 5, 9):
        weights = [tuple(~(j * k + i) for i in range(k)) for j in range(m)]
        biases = tuple(~(m * k + j) for j in range(m))
        sums = [("sum", i, (i,)) for i in range(k)]
        tail = [("layer", k, tuple(range(k)), weights, biases)]
        tail += [("logsumexp", k + m, tuple(range(k, k + m)))]
        parts = {"parameters": m * k + m, "inputs": k, "rows": k, "tail_rows": k + m + 1}

        assert check(
            plan(**parts, sums=sums, tail=tail, output=k + m),
            3,
            floats(rng, m * k + m),
            floats(rng, 3 * k),
        )


# ---- whole plans ----


def test_a_plan_may_be_of_parameters_alone():
    tail = [("dot", 0, (~0, ~1, ~1, ~1))]
    p = plan(parameters=2, inputs=0, rows=0, sums=[], tail=tail)

    assert Machine(p, 4).evaluate(TWO, array("d")) == (6.0, array("d", [2.0, 5.0]))


TAME = ["add", "sub", "mul", "neg", "abs", "tanh", "sigmoid", "relu", "softplus", "gelu", "silu"]
TAME += ["leaky_relu", "elu", "sin", "cos", "atan", "maximum", "minimum", "logsumexp", "dot"]
TAME += ["sign", "heaviside", "stop_gradient", "equal", "layer"]


def random_plan(rng, names, sequential):
    """A plan that uses each parameter once, unless it is sequential, and most of its rows."""
    f = rng.randrange(1, 4)
    rows, parameters = f, 0

    def scalar():
        nonlocal parameters
        if rng.random() < 0.15:
            return "constant"
        if sequential and parameters and rng.random() < 0.6:
            return ~rng.randrange(parameters)
        parameters += 1
        return ~(parameters - 1)

    def step(rows):
        name = rng.choice(names)
        live = () if rng.random() < 0.9 else (False,)
        if name == "layer":
            k, m = rng.randrange(1, 7), rng.randrange(1, 7)
            inputs = tuple(rng.randrange(rows) for _ in range(k))
            weights = [tuple(scalar() for _ in range(k)) for _ in range(m)]
            biases = tuple(scalar() for _ in range(m)) if rng.random() < 0.6 else ()
            return ("layer", rows, inputs, weights, biases, *live), m
        n = TABLE[name].arity or rng.randrange(1, 6)
        kinds = [scalar() if rng.random() < 0.35 else rng.randrange(rows) for _ in range(n)]
        return (name, rows, tuple(kinds), *live), 1

    body = []
    for _ in range(rng.randrange(1, 12)):
        c, more = step(rows)
        body.append(c)
        rows += more
    classes = rng.choice([0, 2, 3])
    sums = []
    for i in range(rng.randrange(1, 3)):
        several = rng.randrange(2) and classes
        sums.append(
            ("sum", i, tuple(rng.randrange(rows) for _ in range(classes if several else 1)))
        )
    tail_rows, tail = len(sums), []
    for _ in range(rng.randrange(5)):
        c, more = step(tail_rows)
        tail.append(c)
        tail_rows += more
    constants = []

    def settled(x):
        if isinstance(x, (tuple, list)):
            return type(x)(settled(y) for y in x)
        if x == "constant":
            constants.append(rng.choice([0.0, -0.0, 1.0, rng.gauss(0, 1)]))
            return ~(parameters + len(constants) - 1)
        return x

    code = [[(c[0], *settled(c[1:])) for c in part] for part in (body, tail)]
    parts = {"parameters": parameters, "constants": constants, "inputs": f, "rows": rows}
    parts |= {"tail_rows": tail_rows, "body": code[0], "sums": sums, "tail": code[1]}
    return plan(**parts, output=tail_rows - 1, sequential=sequential), classes


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("names", [TAME, [op.name for op in SUPPORTED] + ["layer"] * 4])
def test_random_plans_have_pythons_bits(names, sequential):
    answers = 0
    for seed in range(600):
        rng = random.Random(seed)
        p, classes = random_plan(rng, names, sequential)
        lanes = rng.randrange(1, 20)
        of_samples = array("i", [rng.randrange(classes) for _ in range(lanes)]) if classes else None
        numbers = floats(rng, p.parameters), floats(rng, lanes * p.inputs)

        settings = {"width": rng.choice(widths()), "chunk": rng.choice([0, 4, 6])}
        settings["kept"] = rng.choice([0, 2**20])
        answers += check(p, lanes, *numbers, of_samples, **settings)

    assert answers > (350 if names is TAME else 100)


# ---- a plan and the graph that it stands for ----


def network(shape, last):
    """The plan of a network with tanh, of which each row of weights has its bias behind it.

    The loss is the mean over samples of (output - y)**2; the last input is y.
    """
    f = shape[0] + 1
    body, rows, at, p = [], f, list(range(shape[0])), 0
    for i, (k, m) in enumerate(pairwise(shape)):
        weights = [tuple(~(p + j * (k + 1) + n) for n in range(k)) for j in range(m)]
        biases = tuple(~(p + j * (k + 1) + k) for j in range(m))
        body.append(("layer", rows, tuple(at), weights, biases))
        p += m * (k + 1)
        at = list(range(rows, rows + m))
        rows += m
        if i < len(shape) - 2 or last:
            body += [("tanh", rows + j, (row,)) for j, row in enumerate(at)]
            at = list(range(rows, rows + m))
            rows += m
    body += [("sub", rows, (at[0], shape[0])), ("mul", rows + 1, (rows, rows))]
    parts = {"parameters": p, "inputs": f, "rows": rows + 2, "body": body}
    return parts | {"sums": [("sum", 0, (rows + 1,))], "output": 1, "tail_rows": 2}


def test_a_networks_plan_has_the_bits_of_its_graph():
    import nn

    rng = random.Random(1)
    for lanes in (1, 4, 7):
        parts = network([2, 5, 3, 1], False)
        of_mean = {"constants": [float(lanes)], "tail": [("div", 1, (0, ~parts["parameters"]))]}
        model = nn.MLP(2, [5, 3, 1], activation="tanh", rng=rng)
        samples = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(lanes)]
        total = None
        for x0, x1, y in samples:
            d = model([x0, x1]) - y
            total = d * d if total is None else total + d * d
        loss = total / float(lanes)
        loss.backward()
        numbers = array("d", [p.data for p in model.parameters()])
        rows = array("d", [x for sample in samples for x in sample])

        got = Machine(plan(**parts, **of_mean), lanes).evaluate(numbers, rows)

        assert bits(got) == bits((loss.data, [p.grad for p in model.parameters()]))


# ---- what is abandoned, and what is asked for in part ----

ABANDONED = {
    "a logarithm of a negative number": ([("log", 1, (0,))], -1.0),
    "a quotient by zero": ([("div", 1, (~0, 0))], 0.0),
    "an overflow": ([("exp", 1, (0,))], 1000.0),
    "an overflow that Python lets pass": ([("mul", 1, (0, 0))], 1e200),
    "a loss that is no number": ([("sub", 1, (0, 0))], math.inf),
    "a slope that only Python knows": ([("sqrt", 1, (0,))], 0.0),
}


@pytest.mark.parametrize(("body", "x"), ABANDONED.values(), ids=ABANDONED)
def test_a_run_is_abandoned_where_one_lane_is_beyond_the_machine(body, x):
    body = [("mul", 2, (0, ~0)), *[(name, 3, (2, 2)[: len(args)]) for name, _, args in body]]
    p = plan(parameters=1, rows=4, body=body, sums=[("sum", 0, (3,))])
    if body[1][0] == "div":
        p.body[1] = ("div", 3, (~0, 2))
    made = Machine(p, 5)
    one = array("d", [1.0])

    assert made.evaluate(one, array("d", [1.0, 1.0, x, 1.0, 1.0])) is None
    assert made.evaluate(one, array("d", [1.0] * 5)) is not None


def test_without_gradient_no_slope_is_asked_for():
    body = [("mul", 1, (0, ~0)), ("sqrt", 2, (1,))]
    p = plan(parameters=1, rows=3, body=body, sums=[("sum", 0, (2,))])

    got = Machine(p, 1).evaluate(array("d", [1.0]), array("d", [0.0]), gradient=False)

    assert got == (0.0, None)


def test_outputs_are_the_wanted_rows_sample_by_sample():
    body = [("mul", 2, (0, ~0)), ("log", 3, (1,)), ("add", 4, (2, 1))]
    p = plan(parameters=1, inputs=2, rows=5, body=body, sums=[("sum", 0, (3,))])
    made = Machine(p, 3)
    numbers, rows = array("d", [2.0]), array("d", [1.0, -1.0, 2.0, -2.0, 3.0, -4.0])

    assert made.outputs(numbers, rows, [4, 0]) == array("d", [1.0, 1.0, 2.0, 2.0, 2.0, 3.0])
    assert made.outputs(numbers, rows, [3]) is None  # the logarithm, which row 4 does not need


def test_a_gradient_that_only_another_class_makes_infinite_is_abandoned():
    body = [("mul", 1, (0, ~0)), ("mul", 2, (1, 0)), ("mul", 3, (1, ~1))]
    sums = [("sum", 0, (2, 3))]
    p = plan(parameters=2, rows=4, body=body, sums=sums)
    made = Machine(p, 2)
    numbers, classes = array("d", [0.0, 1.0]), array("i", [0, 0])

    assert made.evaluate(numbers, array("d", [1.0, 2.0]), classes)[0] == 0.0
    assert made.evaluate(array("d", [1.0, math.inf]), array("d", [1.0, 2.0]), classes) is None


# ---- more lanes than fit into the cache ----


@pytest.mark.parametrize("kept", [0, 2**20])
def test_outputs_are_those_of_all_chunks(kept):
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    numbers, rows = array("d", [3.0]), array("d", range(11))

    found = Machine(p, 11, _chunk=4, _kept=kept).outputs(numbers, rows, [1, 0])

    assert list(found) == [x for row in rows for x in (3 * row, row)]


@pytest.mark.parametrize("kept", [0, 2**20])
@pytest.mark.parametrize("fast", [False, True])
def test_training_in_chunks_sees_all_samples_in_their_order(fast, kept):
    rng, parts = random.Random(3), network([2, 5, 1], True)
    p = plan(**parts, constants=[11.0], tail=[("div", 1, (0, ~parts["parameters"]))])
    numbers, data = floats(rng, p.parameters), floats(rng, 3 * 20)
    order = array("i", [rng.randrange(20) for _ in range(11 * 5)])
    found = []
    for made in (Machine(p, 11, fast, _chunk=4, _kept=kept), Machine(p, 11)):
        moved = numbers[:]
        given = (("sgd", {}), data, None, order, array("d", [0.1] * 5), 0)
        losses = made.train(moved, {}, *given)
        found.append([*losses, *moved])

    assert len(found[0]) == 5 + p.parameters
    assert found[0] == (pytest.approx(found[1], rel=1e-12) if fast else found[1])


# ---- training ----

OPTIMIZERS = [
    ("sgd", SGD, {}),
    ("sgd", SGD, {"weight_decay": 0.1}),
    ("sgd", SGD, {"momentum": 0.9}),
    ("sgd", SGD, {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("sgd", SGD, {"momentum": 0.9, "nesterov": True}),
    ("adagrad", Adagrad, {}),
    ("adagrad", Adagrad, {"lr_decay": 0.1, "weight_decay": 0.01, "eps": 1e-3}),
    ("rmsprop", RMSprop, {}),
    ("rmsprop", RMSprop, {"alpha": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    ("rmsprop", RMSprop, {"momentum": 0.9}),
    ("rmsprop", RMSprop, {"centered": True, "momentum": 0.5}),
    ("adam", Adam, {}),
    ("adam", Adam, {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("adam", Adam, {"amsgrad": True, "betas": (0.9, 0.5)}),
    ("adamw", AdamW, {}),
    ("adamw", AdamW, {"weight_decay": 0.0}),
    ("adamw", AdamW, {"amsgrad": True, "weight_decay": 0.3}),
]
LISTS = ["momentum_buffer", "sum", "square_avg", "grad_avg"]
LISTS += ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]


def training_plan():
    parts = network([2, 4, 1], True)
    return plan(**parts, constants=[4.0], tail=[("div", 1, (0, ~parts["parameters"]))])


def in_python(p, numbers, data, order, optimizer, lrs, momenta=None, max_norm=None):
    """The losses of training, and what the optimiser moves, with the judge's gradients."""
    values, groups, losses = optimizer.parameters, optimizer.param_groups, []
    for v, x in zip(values, numbers):
        v.data = x
    for i in range(len(order) // 4):
        rows = [x for s in order[4 * i : 4 * i + 4] for x in data[3 * s : 3 * s + 3]]
        slow = Slow(p, 4, [v.data for v in values], rows)
        losses.append(slow.run())
        for v, grad in zip(values, slow.differentiate()):
            v.grad = grad
        if max_norm is not None:
            clip_grad_norm_(values, max_norm)
        for k, group in enumerate(groups, i * len(groups)):
            group["lr"] = lrs[k]
            if momenta is not None and "betas" in group:
                group["betas"] = (momenta[k], group["betas"][1])
            elif momenta is not None:
                group["momentum"] = momenta[k]
        optimizer.step()
    return losses


def hexes(numbers):
    return [x.hex() for x in numbers]


def state_of(optimizer, key):
    """The numbers of all groups, 0 where a group has none."""
    pairs = zip(optimizer.param_groups, optimizer.state)
    return [x for group, state in pairs for x in state.get(key, [0.0] * len(group["params"]))]


STEPS = 30


def trained_both_ways(name, kind, groups, momenta=None, max_norm=None):
    """(losses, parameters, states) in the machine, in two parts, and in Python."""
    rng = random.Random(7)
    p, n = training_plan(), len(groups)
    numbers, data = floats(rng, p.parameters), floats(rng, 3 * 10)
    order = array("i", [rng.randrange(10) for _ in range(4 * STEPS)])
    lrs = array("d", [0.1 / (1 + i) for i in range(n * STEPS)])
    values = iter([Value(0.0) for _ in numbers])
    optimizer = kind([{"params": [next(values) for _ in range(k)], **g} for k, g in groups])
    losses = in_python(p, numbers, data, order, optimizer, lrs, momenta, max_norm)
    states = {key: array("d", [0.0] * p.parameters) for key in LISTS}
    made, done = Machine(p, 4), []
    given = (name, groups if n > 1 else groups[0][1])
    for first, last in ((0, 10), (10, STEPS)):
        part = slice(first * n, last * n)
        options = {"max_norm": max_norm}
        if momenta is not None:
            options["momenta"] = momenta[part]
        picks = order[4 * first : 4 * last]
        step = first if n == 1 else [first] * n
        done += made.train(numbers, states, given, data, None, picks, lrs[part], step, **options)
    there = [key for key in LISTS if any(key in state for state in optimizer.state)]
    return (
        (hexes(done), hexes(numbers), {key: list(states[key]) for key in there}),
        (
            hexes(losses),
            hexes([v.data for v in optimizer.parameters]),
            {key: state_of(optimizer, key) for key in there},
        ),
    )


@pytest.mark.parametrize("max_norm", [None, 1e-2, 1e3, math.inf])
@pytest.mark.parametrize(("name", "kind", "settings"), OPTIMIZERS)
def test_training_has_the_bits_of_the_optimisers(name, kind, settings, max_norm):
    groups = [(training_plan().parameters, settings)]

    machines, pythons = trained_both_ways(name, kind, groups, max_norm=max_norm)

    assert machines == pythons


@pytest.mark.parametrize("first", [1, 5])
@pytest.mark.parametrize(
    ("name", "kind", "settings", "others"),
    [
        ("sgd", SGD, {"momentum": 0.9}, {"momentum": 0.5, "nesterov": True}),
        ("adagrad", Adagrad, {"lr_decay": 0.1}, {"weight_decay": 0.1}),
        ("rmsprop", RMSprop, {"momentum": 0.9}, {"centered": True}),
        ("adam", Adam, {"amsgrad": True}, {"betas": (0.5, 0.9)}),
        ("adamw", AdamW, {}, {"weight_decay": 0.0}),
    ],
)
def test_groups_have_their_own_settings(name, kind, settings, others, first):
    n = training_plan().parameters
    groups = [(first, settings), (n - first - 2, others), (2, settings)]

    machines, pythons = trained_both_ways(name, kind, groups, max_norm=0.5)

    assert machines == pythons


@pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("rmsprop", RMSprop), ("adam", Adam)])
def test_the_momentum_may_change_from_step_to_step(name, kind):
    momenta = array("d", [0.95 - 0.01 * i for i in range(STEPS)])
    groups = [(training_plan().parameters, {})]

    machines, pythons = trained_both_ways(name, kind, groups, momenta)

    assert machines == pythons


@pytest.mark.parametrize("order", [[0, 1, 0, 1, 2, 3, 2, 3, 0, 1], [3, 0, 3, 0, 0, 3, 0, 3, 3, 0]])
def test_a_batch_that_is_the_one_before_is_seen_again_and_another_one_is_not(order):
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    data, lrs = array("d", [1.0, 2.0, 4.0, 8.0]), array("d", [0.0] * 5)

    losses = Machine(p, 2).train(
        array("d", [1.0]), {}, ("sgd", {}), data, None, array("i", order), lrs, 0
    )

    assert list(losses) == [data[a] + data[b] for a, b in zip(order[::2], order[1::2])]


def test_training_uses_the_classes_of_the_samples_it_sees():
    body = [("mul", 1, (0, ~0)), ("mul", 2, (0, ~1))]
    p = plan(parameters=2, rows=3, body=body, sums=[("sum", 0, (1, 2))])
    numbers = array("d", [1.0, 1.0])

    done = Machine(p, 1).train(
        numbers,
        {},
        ("sgd", {}),
        array("d", [1.0, 10.0]),
        array("i", [0, 1]),
        array("i", [1, 0, 1]),
        array("d", [0.01] * 3),
        0,
    )

    assert list(done) == [10.0, 1.0, 9.0]
    assert list(numbers) == [0.99, 1.0 - 0.01 * 10.0 - 0.01 * 10.0]


def test_an_abandoned_step_changes_nothing_and_ends_the_training():
    body = [("mul", 1, (0, ~0)), ("log", 2, (1,))]
    p = plan(parameters=1, rows=3, body=body, sums=[("sum", 0, (2,))])
    numbers, states = array("d", [1.0]), {"momentum_buffer": array("d", [0.0])}
    data, order = array("d", [1.0, -1.0]), array("i", [0, 1, 0])

    done = Machine(p, 1).train(
        numbers, states, ("sgd", {"momentum": 0.9}), data, None, order, array("d", [0.5] * 3), 0
    )

    assert list(done) == [0.0]
    assert list(numbers) == [0.5]
    assert list(states["momentum_buffer"]) == [1.0]


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_a_root_of_a_negative_sum_is_left_to_python(name):
    state = {"adagrad": "sum", "rmsprop": "square_avg", "adam": "exp_avg_sq"}[name]
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    states = {state: array("d", [-1.0]), "exp_avg": array("d", [0.0])}
    numbers, data = array("d", [1.0]), array("d", [1.0])
    lrs, order = array("d", [0.1]), array("i", [0])

    done = Machine(p, 1).train(numbers, states, (name, {}), data, None, order, lrs, 0)

    assert list(done) == []
    assert list(numbers) == [1.0]
    assert list(states[state]) == [-1.0]


def test_threads_take_turns_with_a_machine():
    p = layer_plan(6, 6, True)
    rng = random.Random(0)
    made = Machine(p, 50)
    tasks = [(floats(rng, p.parameters), floats(rng, 300)) for _ in range(4)]
    right = [made.evaluate(*task) for task in tasks]
    wrong = []

    def work(i):
        for _ in range(200):
            if made.evaluate(*tasks[i]) != right[i]:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# ---- errors ----

BAD_PLANS = [
    ({"body": [("hypot", 1, (0,))]}, ValueError, r"body 0: the machine has no op 'hypot'"),
    ({"body": [(3, 1, (0,))]}, ValueError, r"body 0: the machine has no op 3"),
    ({"body": [("neg", 1, (2,))]}, ValueError, r"body 0: an operand is from -2 to 1, got 2"),
    ({"sums": [("sum", 0, (1,))]}, ValueError, r"sums 0: row 1 is used before it is computed"),
    ({"sums": []}, ValueError, r"output: row 0 of the tail is never computed"),
    ({"tail": [("neg", 1, (0,))]}, ValueError, r"tail 0: its row is from 0 to 0, got 1"),
    ({"output": 1}, ValueError, r"output is from 0 to 0, got 1"),
    ({"inputs": 3}, ValueError, r"inputs is from 0 to 2, got 3"),
    ({"rows": -1}, ValueError, r"rows is from 0 to 16777215, got -1"),
    ({"parameters": 2**40}, ValueError, r"parameters is from 0 to 16777215, got 1099511627776"),
    ({"parameters": "2"}, TypeError, r"parameters is an int, got '2'"),
]


@pytest.mark.parametrize(("parts", "error", "message"), BAD_PLANS)
def test_a_plan_that_is_not_right_is_refused(parts, error, message):
    with pytest.raises(error, match=message):
        Machine(plan(**{"parameters": 2, "rows": 2, **parts}), 1)


@pytest.mark.parametrize(
    ("lanes", "error"), [(0, ValueError), (2**30, ValueError), (1.0, TypeError)]
)
def test_lanes_are_a_number_of_samples(lanes, error):
    with pytest.raises(error, match="the number of lanes is"):
        Machine(plan(), lanes)


def test_a_width_that_no_processor_has_is_refused():
    with pytest.raises(ValueError, match="this processor has no vectors of 3"):
        Machine(plan(), 1, _width=3)


def two_parameters():
    """A machine of two lanes, with classes."""
    body = [("mul", 1, (0, ~0)), ("mul", 2, (0, ~1))]
    sums = [("sum", 0, (1, 2))]
    return Machine(plan(parameters=2, rows=3, body=body, sums=sums), 2)


BAD_ARGUMENTS = [
    (([1.0, 2.0], TWO, CLASSES), TypeError, r"parameters are floats, array\('d'\), got list"),
    ((array("f", [1, 2]), TWO, CLASSES), TypeError, r"parameters are floats, .*, got format 'f'"),
    ((memoryview(array("d", [1.0] * 4))[::2], TWO, CLASSES), TypeError, r"got memory with gaps"),
    (
        (memoryview(bytes(24))[1:17].cast("d"), TWO, CLASSES),
        TypeError,
        r"parameters are floats, .*, got memory that is not aligned",
    ),
    ((array("d", [1.0]), TWO, CLASSES), ValueError, r"parameters has 2 numbers, got 1"),
    ((TWO, array("d"), CLASSES), ValueError, r"rows has 2 numbers, got 0"),
    ((TWO, TWO, None), ValueError, r"the plan sums by classes, got no classes"),
    ((TWO, TWO, TWO), TypeError, r"classes are ints, array\('i'\), got format 'd'"),
    ((TWO, TWO, array("i", [0])), ValueError, r"classes has 2 numbers, got 1"),
    ((TWO, TWO, array("i", [0, 2])), ValueError, r"classes are from 0 to 1, got 2"),
    ((TWO, TWO, array("i", [-1, 0])), ValueError, r"classes are from 0 to 1, got -1"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_ARGUMENTS)
def test_evaluate_takes_arrays_of_the_plans_lengths(arguments, error, message):
    with pytest.raises(error, match=message):
        two_parameters().evaluate(*arguments)


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (3, TypeError, r"wanted is a list, got 3"),
        ([3], ValueError, r"wanted: an operand is from 0 to 2, got 3"),
        ([-1], ValueError, r"wanted: an operand is from 0 to 2, got -1"),
    ],
)
def test_outputs_are_rows_of_the_body(wanted, error, message):
    with pytest.raises(error, match=message):
        two_parameters().outputs(TWO, TWO, wanted)


BAD_TRAINING = [
    ({"parameters": array("d")}, ValueError, r"parameters has 2 numbers, got 0"),
    ({"parameters": memoryview(bytes(16)).cast("d")}, TypeError, r"parameters are changed, got"),
    ({"optimizer": "sgd"}, TypeError, r"an optimizer is a pair \(name, settings\), got 'sgd'"),
    (
        {"optimizer": ("lion", {})},
        ValueError,
        r"optimizers sgd, adagrad, rmsprop, adam, adamw, got 'lion'",
    ),
    ({"optimizer": ("sgd", 1)}, TypeError, r"settings is a list, got 1"),
    ({"optimizer": ("sgd", [])}, ValueError, r"a step for each group is wanted, got 0, 0"),
    ({"optimizer": ("sgd", [{}])}, TypeError, r"a group is a pair \(count, settings\), got \{\}"),
    ({"optimizer": ("sgd", [(2, 1)])}, TypeError, r"settings are a dict, got 1"),
    ({"optimizer": ("sgd", [(1, {})])}, ValueError, r"the groups have 2 parameters, got 1"),
    ({"optimizer": ("sgd", [(3, {})])}, ValueError, r"parameters of a group is from 0 to 2, got 3"),
    (
        {"optimizer": ("sgd", [(1, {}), (1, {})]), "step": [0]},
        ValueError,
        r"a step for each group is wanted, got 1, 2",
    ),
    (
        {"optimizer": ("sgd", [(1, {}), (1, {})])},
        ValueError,
        r"lrs has 2 numbers a step, got 1 in all",
    ),
    ({"states": 1}, TypeError, r"states are a dict, got 1"),
    ({"momenta": array("d")}, ValueError, r"sgd has the state momentum_buffer, got none"),
    (
        {"momenta": array("d"), "states": {"momentum_buffer": array("d", TWO)}},
        ValueError,
        r"momenta has 1 numbers, got 0",
    ),
    (
        {"momenta": array("d", [1.0]), "states": {"momentum_buffer": array("d", TWO)}},
        ValueError,
        r"momenta are at least 0 and below 1, got 1.0",
    ),
    ({"momenta": array("d"), "optimizer": ("adagrad", {})}, ValueError, r"adagrad has no momenta"),
    ({"max_norm": 0.0}, ValueError, r"max_norm is a positive number, got 0.0"),
    ({"max_norm": math.nan}, ValueError, r"max_norm is a positive number, got nan"),
    ({"optimizer": ("sgd", {"eps": 1.0})}, ValueError, r"sgd has momentum, .*: no setting 'eps'"),
    ({"optimizer": ("sgd", {"momentum": 0.9})}, ValueError, r"sgd has the state momentum_buffer"),
    (
        {"optimizer": ("adam", {"beta1": 1.0})},
        ValueError,
        r"beta1 is at least 0 and below 1, got 1",
    ),
    ({"optimizer": ("rmsprop", {"alpha": -1.0})}, ValueError, r"alpha is at least 0 .*, got -1.0"),
    ({"optimizer": ("adam", {"eps": 0.0})}, ValueError, r"eps is above 0, got 0.0"),
    ({"optimizer": ("adagrad", {"lr_decay": -1.0})}, ValueError, r"lr_decay is at least 0, got -1"),
    (
        {"optimizer": ("sgd", {"momentum": 0.9}), "states": {"momentum_buffer": array("d")}},
        ValueError,
        r"momentum_buffer has 2 numbers, got 0",
    ),
    ({"order": array("i", [0])}, ValueError, r"order has 2 numbers, got 1"),
    ({"order": array("i", [0, 3])}, ValueError, r"order has samples from 0 to 2, got 3"),
    ({"order": array("i", [-1, 0])}, ValueError, r"order has samples from 0 to 2, got -1"),
    ({"classes": None}, ValueError, r"the plan sums by classes, got no classes"),
    ({"classes": array("i", [0])}, ValueError, r"classes has 3 numbers, got 1"),
    ({"step": -1}, ValueError, r"step is from 0 to 2147483646, got -1"),
    ({"lrs": [0.1]}, TypeError, r"lrs are floats, array\('d'\), got list"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD_TRAINING)
def test_train_checks_all_that_it_is_given(given, error, message):
    usual = {"parameters": array("d", TWO), "states": {}, "optimizer": ("sgd", {})}
    usual |= {"data": array("d", [1.0] * 3), "classes": array("i", [0, 1, 1])}
    usual |= {"order": array("i", [0, 2]), "lrs": array("d", [0.1]), "step": 0}

    with pytest.raises(error, match=message):
        two_parameters().train(**{**usual, **given})


def test_data_are_whole_samples():
    p = plan(inputs=2, rows=2)

    with pytest.raises(ValueError, match="data has 2 numbers a sample, got 3 in all"):
        Machine(p, 1).train(
            array("d"), {}, ("sgd", {}), array("d", [1.0] * 3), None, array("i"), array("d"), 0
        )


def test_a_machine_is_made_once():
    made = Machine(plan(), 1)

    with pytest.raises(TypeError, match="a machine is made once"):
        made.__init__(plan(), 1)


def test_a_machine_that_was_never_made_does_nothing():
    with pytest.raises(TypeError, match="this machine was never made"):
        Machine.__new__(Machine).evaluate(array("d"), array("d"))


def test_no_plan_crashes_the_machine():
    rubbish = [
        None,
        -1,
        0,
        1,
        2,
        99,
        -99,
        2**31,
        -(2**31),
        2**63,
        0.5,
        "add",
        "layer",
        (),
        [],
        (0,),
    ]
    made = 0

    def spoiled(x, rng):
        if rng.random() < 0.04:
            return rng.choice(rubbish)
        if isinstance(x, (list, tuple)):
            return type(x)(spoiled(y, rng) for y in x)
        return x

    for seed in range(3000):
        rng = random.Random(seed)
        p, _ = random_plan(rng, TAME, rng.random() < 0.5)
        for name, part in list(vars(p).items()):
            setattr(p, name, spoiled(part, rng))
        try:
            built = Machine(p, 3)
        except (TypeError, ValueError):
            continue
        made += 1
        classes = array("i", [0, 1, 1])
        built.evaluate(floats(rng, p.parameters), floats(rng, 3 * p.inputs), classes)

    assert 0 < made < 3000


# ---- the tail: rows that are one loop, products that are a matrix times a vector ----


def tail_plan(rng, blocks, rows=6, parameters=8, constants=4):
    """A plan of random blocks of like instructions, whose loss is the sum of all rows."""
    known, tail = rows, []
    for _ in range(blocks):
        made = rng.choice([several_rows, several_dots])(rng, known, parameters, constants)
        tail += made
        known += len(made)
    loss = [("add", known + i, (i + 1, known + i - 1 if i else 0)) for i in range(known - 1)]
    parts = {"inputs": rows, "rows": rows, "tail": tail + loss, "tail_rows": 2 * known - 1}
    sums = [("sum", i, (i,)) for i in range(rows)]
    numbers = [rng.uniform(-1.0, 1.0) for _ in range(constants)]
    return plan(**parts, sums=sums, parameters=parameters, constants=numbers, output=2 * known - 2)


def start(rng, known, parameters, constants, count):
    """The first of `count` operands in a row: of rows, parameters or both kinds of scalars."""
    if rng.random() < 0.5 and known >= count:
        return rng.randrange(known - count + 1)
    scalars = parameters + rng.choice([0, constants])
    return ~rng.randrange(scalars - count + 1)


def moved(first, steps):
    """The operand so many steps behind the first: scalars count downwards."""
    return first + steps if first >= 0 else first - steps


def several_rows(rng, known, parameters, constants):
    """The same op for rows that follow one another; some take those just computed."""
    count, name = rng.randrange(1, 6), rng.choice(["add", "sub", "mul", "tanh", "neg", "relu"])
    sides = []
    for _ in range(TABLE[name].arity):
        first = start(rng, known, parameters, constants, count)
        step = rng.choice([0, 1, 1])
        if rng.random() < 0.2:
            first, step = known - 1, 1  # each row takes the one before it
        sides.append([moved(first, step * i) for i in range(count)])
    if rng.random() < 0.2:
        sides = sides[:1] * len(sides)
    dead = rng.random() < 0.2
    return [
        (name, known + i, operands, *([False] if dead and rng.random() < 0.5 else []))
        for i, operands in enumerate(zip(*sides))
    ]


def several_dots(rng, known, parameters, constants):
    """Dot products with a common factor; weights may be any rows or scalars."""
    n, count = rng.randrange(1, 6), rng.randrange(1, 10)
    biased, second = rng.random() < 0.4, rng.random() < 0.5
    inputs = start(rng, known, parameters, constants, n)
    weights = start(rng, known, parameters, constants, n)
    made = []
    for i in range(count):
        weights = rng.choice([weights, start(rng, known, parameters, constants, n)])
        if rng.random() < 0.1:
            weights = known + i - n  # what was just computed
        halves = [[moved(first, k) for k in range(n)] for first in (weights, inputs)]
        far = start(rng, known, parameters, constants, 1)
        bias = [rng.choice([far, far, *halves[0], *halves[1]])] if biased else []
        operands = (*halves[second], *halves[1 - second], *bias)
        made.append(("dot", known + i, operands))
    return made


@pytest.mark.parametrize("width", widths())
def test_a_tail_has_pythons_bits_whatever_is_done_in_one_loop(width):
    rng, answers = random.Random(width), 0
    for _ in range(600):
        p = tail_plan(rng, rng.randrange(1, 6))
        answers += check(p, 1, floats(rng, p.parameters), floats(rng, 6), width=width)

    assert answers > 590


def test_a_fast_machine_does_all_rows_of_the_tail():
    tail = [("exp", 2, (0,)), ("exp", 3, (1,)), ("add", 4, (2, 3))]
    sums = [("sum", 0, (0,)), ("sum", 1, (1,))]
    p = plan(inputs=2, rows=2, sums=sums, tail=tail, tail_rows=5, output=4, parameters=0)

    value, _ = Machine(p, 2, fast=True).evaluate(array("d"), array("d", [0.5, 1.5, 0.25, 1.0]))

    assert value == pytest.approx(math.exp(0.75) + math.exp(2.5), rel=1e-14)
