"""Two builds, one behaviour: the same numbers to the last bit, and the same errors."""

import pytest

import engine
from tests.engine.native.builds import needs_compiled, printed


def in_both(code, *arguments):
    """What the compiled build prints, and the pure one."""
    return printed(code, *arguments), printed(code, *arguments, CHAINRULE_PURE="1")


def difference(ours, others):
    """The first lines that differ."""
    assert len(ours) == len(others)
    return next(((i, a, b) for i, (a, b) in enumerate(zip(ours, others)) if a != b), None)


# ---- the same numbers ----


GRAPHS = """if True:
    import math, random, sys
    from engine import Op, Value, dot, grad
    from engine.ops import TABLE

    cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x * x)
    lerp = Op("lerp", "lerp", lambda a, b, t: a + t * (b - a),
              lambda z, a, b, t: 1 - t, lambda z, a, b, t: t, lambda z, a, b, t: b - a)
    OPS = [*TABLE.values(), cube, lerp, *[TABLE[name] for name in ("add", "sub", "mul", "dot")] * 4]
    SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, math.inf, -math.inf, math.nan, 1e308, 5e-324]

    def random_number(rng):
        return rng.choice(SPECIAL) if rng.random() < 0.15 else rng.gauss(0, 1.5)

    def step(rng, nodes):
        op = rng.choice(OPS)
        if op.name == "dot":
            n = rng.randrange(1, 5)
            picks = [rng.choice(nodes) for _ in range(2 * n + 1)]
            if rng.random() < 0.3:
                picks[rng.randrange(2 * n)] = random_number(rng)
            return dot(picks[:n], picks[n : 2 * n], picks[-1] if rng.random() < 0.5 else None)
        picks = [rng.choice(nodes) for _ in range(op.arity or rng.randrange(1, 5))]
        if len(picks) == 2 and rng.random() < 0.3:
            picks[rng.randrange(2)] = random_number(rng)
        return op(*picks)

    def bits(x):
        return float(x).hex()

    for seed in range(int(sys.argv[1])):
        rng = random.Random(seed)
        leaves = [Value(random_number(rng)) for _ in range(rng.randrange(1, 5))]
        nodes, said = list(leaves), []
        for _ in range(rng.randrange(1, 15)):
            try:
                z = step(rng, nodes)
            except (ArithmeticError, ValueError) as error:
                said.append(f"{type(error).__name__}: {error}")
            else:
                if isinstance(z, Value):
                    nodes.append(z)
        for z in (nodes[-1], rng.choice(nodes)):
            z.backward(rng.gauss(0, 1))
        said += [bits(v.data) for v in nodes] + [bits(v.grad) for v in nodes]
        if seed % 10 == 0:
            said += [bits(g) for g in grad(nodes[-1], leaves)]
        print(seed, *said)
"""


@needs_compiled
def test_ten_thousand_random_graphs_have_the_same_bits_and_errors_in_both_builds():
    ours, others = in_both(GRAPHS, "10000")

    assert len(ours) == 10_000
    assert difference(ours, others) is None


def test_the_random_graphs_reach_every_op_and_both_kinds_of_error():
    lines = " ".join(printed(GRAPHS, "2000"))

    assert all(
        word in lines for word in ("ValueError", "OverflowError", "ZeroDivisionError", "inf")
    )


# The scalar GPT of the benchmarks, in micrograd's style: a closure for each op, no shared code.
REFERENCE = """if True:
    import math, sys
    from benchmarks.engines import Leaves, chainrule
    from benchmarks.gpt import gpt_loss, initial
    from benchmarks.training import Adam, training

    class Plain:
        def __init__(self, data, inputs=()):
            self.data, self.grad, self.inputs, self.backward_step = data, 0.0, inputs, None

        def made(self, data, inputs, rule):
            out = Plain(data, inputs)
            out.backward_step = lambda: rule(out)
            return out

        def __add__(self, other):
            x, y = self, lift(other)

            def rule(out):
                x.grad += out.grad
                y.grad += out.grad

            return self.made(x.data + y.data, (x, y), rule)

        def __sub__(self, other):
            x, y = self, lift(other)

            def rule(out):
                x.grad += out.grad
                y.grad -= out.grad

            return self.made(x.data - y.data, (x, y), rule)

        def __mul__(self, other):
            x, y = self, lift(other)

            def rule(out):
                x.grad += out.grad * y.data
                y.grad += out.grad * x.data

            return self.made(x.data * y.data, (x, y), rule)

        def __truediv__(self, other):
            x, y = self, lift(other)

            def rule(out):
                x.grad += out.grad * (1 / y.data)
                y.grad += out.grad * (-out.data / y.data)

            return self.made(x.data / y.data, (x, y), rule)

        def __pow__(self, n):
            def rule(out):
                self.grad += out.grad * (n * self.data ** (n - 1))

            return self.made(self.data**n, (self,), rule)

        def __neg__(self):
            def rule(out):
                self.grad += out.grad * -1.0

            return self.made(-self.data, (self,), rule)

        def relu(self):
            def rule(out):
                self.grad += out.grad * float(out.data > 0)

            return self.made(self.data if self.data > 0 else 0.0, (self,), rule)

        def exp(self):
            def rule(out):
                self.grad += out.grad * out.data

            return self.made(math.exp(self.data), (self,), rule)

        def log(self):
            def rule(out):
                self.grad += out.grad * (1 / self.data)

            return self.made(math.log(self.data), (self,), rule)

        def backward(self):
            order, seen, stack = [], set(), [(self, False)]
            while stack:
                v, done = stack.pop()
                if done:
                    order.append(v)
                elif v not in seen:
                    seen.add(v)
                    stack.append((v, True))
                    stack.extend((u, False) for u in reversed(v.inputs) if u not in seen)
            self.grad = 1.0
            for v in reversed(order):
                if v.backward_step:
                    v.backward_step()

    def lift(x):
        return x if isinstance(x, Plain) else Plain(float(x))

    def dot(weights, inputs, bias=None):
        data = 0.0 if bias is None else bias.data
        for w, x in zip(weights, inputs):
            data += w.data * x.data

        def rule(out):
            for w, x in zip(weights, inputs):
                w.grad += out.grad * x.data
            for w, x in zip(weights, inputs):
                x.grad += out.grad * w.data
            if bias is not None:
                bias.grad += out.grad

        return Plain(0.0).made(data, (*weights, *inputs, *([] if bias is None else [bias])), rule)

    if sys.argv[1] == "reference":
        engine = Leaves(Plain)
        engine.dot = dot
    else:
        engine = chainrule()
    step = training(gpt_loss, initial(), Adam)(engine)
    for _ in range(20):
        loss, gradients = step()
        print(loss.hex(), *[g.hex() for g in gradients[::61]])
"""


@pytest.fixture(scope="module")
def reference():
    return printed(REFERENCE, "reference")


@pytest.mark.parametrize("pure", ["0", "1"] if engine.compiled else ["1"])
def test_twenty_steps_of_a_gpt_have_the_bits_of_a_plain_reference(pure, reference):
    ours = printed(REFERENCE, "chainrule", CHAINRULE_PURE=pure)

    assert len(ours) == 20
    assert difference(ours, reference) is None


# ---- the same errors ----


ERRORS = """if True:
    import copy, pickle
    import numpy as np
    from engine import Op, Value, dot, exp, grad, maximum, no_grad, topological_order
    from engine.value import arguments, constant

    v = Value(2.0)
    odd = Op("odd", "odd", lambda x: "text", lambda z, x: "slope")
    slopeless = Op("slopeless", "slopeless", lambda x: x, lambda z, x: "slope")
    WRONG = ["a", b"a", None, 1j, [1.0], (1.0,), {1.0}, np.array([1.0]), object]
    CALLS = [
        *[lambda w=w, f=f: f(w) for w in WRONG for f in (
            Value, constant, exp, lambda w: v + w, lambda w: w * v, lambda w: v - w,
            lambda w: w / v, lambda w: v**w, lambda w: w**v, lambda w: v < w, lambda w: v >= w,
            lambda w: maximum(v, w), lambda w: dot([v], [w]), lambda w: dot([w], [v], v),
            lambda w: dot([v], [v], w) if w is not None else None, lambda w: v.backward(w),
            lambda w: setattr(v, "data", w), lambda w: setattr(v, "grad", w), lambda w: grad(w, v),
        )],
        lambda: dot([v], [v, v]), lambda: dot(v, v), lambda: dot([], []), lambda: dot(3, [v]),
        lambda: v / 0, lambda: 0 / Value(0.0), lambda: Value(0.0) ** -1, lambda: Value(-8.0) ** 0.5,
        lambda: Value(-1.0).log(), lambda: Value(-1.0).sqrt(), lambda: Value(1000.0).exp(),
        lambda: Value(1e200) ** 2, lambda: Value(1e400) ** 2, lambda: Value(2.0).asin(),
        lambda: Value(float("inf")).sin(), lambda: exp(), lambda: exp(v, v), lambda: v.atan2(v),
        lambda: v.nothing, lambda: odd(v), lambda: slopeless(v).backward(), lambda: maximum(),
        lambda: Value(10**400), lambda: v + 10**400, lambda: hash(v) == hash(v), lambda: v == v,
        lambda: len(v), lambda: iter(v), lambda: v[0], lambda: v(), lambda: v % 2, lambda: v // 2,
        lambda: divmod(v, 2), lambda: v @ v, lambda: v.inputs.append(1),
        lambda: int(Value(float("nan"))), lambda: round(Value(float("inf"))), lambda: f"{v:d}",
        lambda: np.sqrt(Value(-1.0)), lambda: grad(v, None), lambda: v.__setstate__((1, 2)),
    ]
    for i, call in enumerate(CALLS):
        try:
            print(i, repr(call()))
        except Exception as error:
            print(i, type(error).__name__, error)
"""


@needs_compiled
def test_wrong_calls_raise_the_same_errors_with_the_same_text_in_both_builds():
    ours, others = in_both(ERRORS)

    assert difference(ours, others) is None
