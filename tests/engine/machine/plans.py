"""Plans for the machine: of a layer, of random ops, of a network."""

from itertools import pairwise

from engine.ops import TABLE
from tests.engine.machine.judge import plan


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
