"""Steps that the machine hands back to Python: none, unless Python raises an exception there."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import (
    Value,
    acos,
    asin,
    compiled,
    erfc,
    exp,
    expm1,
    gelu,
    log,
    log1p,
    maximum,
    minimum,
    sigmoid,
    silu,
    sqrt,
)
from engine.ops import TABLE
from engine.programs.plan import NoPlanError
from nn import (
    MLP,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    ExponentialLR,
    Module,
    RMSprop,
    TrainingError,
    cross_entropy,
    data,
    fit,
    mse_loss,
)
from nn.training.graph_stepper import GraphStepper
from nn.training.machine_stepper import MachineStepper


class Curve(Module):
    """A function of w * x and v * x for an input x, with the weights w and v, as a model."""

    def __init__(self, f, w, v=1.0):
        super().__init__()
        self.w, self.v, self.f = Value(w), Value(v), f

    def __call__(self, x):
        return self.f(self.w * x[0], self.v * x[0])


def first_number(y, _t):
    return sum(y[1:], y[0])


@pytest.fixture
def left_to_graphs(monkeypatch):
    """A list that grows by an entry for each step that a machine leaves to a graph."""
    steps = []

    def step(stepper, *args):
        if isinstance(stepper, MachineStepper):
            steps.append(args)
        return original(stepper, *args)

    original = GraphStepper.graph_gradient
    monkeypatch.setattr(GraphStepper, "graph_gradient", step)
    return steps


def bits_of_training(make, samples, loss, optimizer, schedule=None, **options):
    """The last bits of what a training leaves."""
    model = make()
    moved_by = optimizer(model.parameters())
    if schedule is not None:
        options["schedule"] = schedule(moved_by)
    history = fit(model, samples, optimizer=moved_by, loss=loss, progress=False, **options)
    weights = [p.data.hex() for p in model.parameters()]
    return weights, [x.hex() for x in history.losses], moved_by.state_dict()


def same_bits_replayed(*parts, **options):
    """Whether a replayed training leaves what an eager one leaves."""
    eager = bits_of_training(*parts, **options)
    return bits_of_training(*parts, replay=True, **options) == eager


def slow(parameters):
    return SGD(parameters, lr=1e-9)


ADAMS = {
    "Adam": lambda p: Adam(p, betas=(0.5, 0.9)),
    "Adam whose means forget at once": lambda p: Adam(p, betas=(0.0, 0.25)),
    "Adam with both betas small": lambda p: Adam(p, betas=(0.3, 0.3), weight_decay=0.1),
    "Adam with amsgrad": lambda p: Adam(p, betas=(0.5, 0.4), amsgrad=True),
    "AdamW": lambda p: AdamW(p, betas=(0.4, 0.5)),
    "RMSprop": lambda p: RMSprop(p, alpha=0.5, momentum=0.5, centered=True),
    "Adagrad": lambda p: Adagrad(p, lr_decay=0.1),
    "SGD": lambda p: SGD(p, lr=0.1, momentum=0.5, nesterov=True),
}


@pytest.mark.parametrize("optimizer", ADAMS.values(), ids=ADAMS)
def test_no_step_comes_back_while_powers_of_beta_underflow(left_to_graphs, optimizer):
    # 0.5**t is below the smallest normal number from t = 1023 on, and 0 from t = 1075 on.
    bowl = lambda: Curve(lambda w, v: w * w + v * v, 3.0)  # noqa: E731

    assert same_bits_replayed(bowl, ([[1.0]], [0.0]), first_number, optimizer, steps=1100)
    assert left_to_graphs == []


def test_the_steps_of_xor_at_which_adam_underflows_stay_in_the_machine(left_to_graphs):
    model = lambda: MLP(2, [2, 1], activation="tanh", rng=random.Random(0))  # noqa: E731
    adam = lambda p: Adam(p, lr=0.02, betas=(0.6, 0.999))  # noqa: E731

    # 0.6**t is subnormal from t = 1387 to t = 1458.
    assert same_bits_replayed(model, data.xor(), mse_loss, adam, steps=1500)
    assert left_to_graphs == []


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    betas=st.tuples(st.floats(0.0, 0.4), st.floats(0.0, 0.4)),
    kind=st.sampled_from([Adam, AdamW]),
    scale=st.sampled_from([1e-320, 1e-200, 1e-8, 1.0, 1e8, 1e150]),
    decay=st.sampled_from([0.0, 1e-300, 0.1]),
)
def test_no_step_comes_back_whatever_the_betas_and_the_scale(
    left_to_graphs, betas, kind, scale, decay
):
    line = lambda: Curve(lambda w, v: w + v, 1.0)  # noqa: E731
    optimizer = lambda p: kind(p, betas=betas, weight_decay=decay)  # noqa: E731

    assert same_bits_replayed(line, ([[scale]], [0.0]), first_number, optimizer, steps=850)
    assert left_to_graphs == []


# Numbers that Python lets pass: underflow, infinities that no sum meets, slopes that are infinite.
QUIET = {
    "exp underflows to 0": (lambda w, v: exp(-1000.0 * w) + v, 2.0),
    "exp is subnormal": (lambda w, v: exp(-740.0 * w) + v, 1.0),
    "erfc underflows": (lambda w, v: erfc(w) + v, 30.0),
    "a power underflows to 0": (lambda w, v: w**200 + v, 0.01),
    "a power is subnormal": (lambda w, v: w**155 + v, 0.01),
    "a negative power underflows": (lambda w, v: w**-200 + v, 1000.0),
    "a product is subnormal": (lambda w, v: w * 1e-310 + v, 0.5),
    "a product is infinite in a minimum": (lambda w, v: minimum(w * 1e300, v), 1e10),
    "exp of minus infinity": (lambda w, v: exp(-w * 1e308) + v, 100.0),
    "expm1 of minus infinity": (lambda w, v: expm1(-w * 1e308) + v, 100.0),
    "log of infinity": (lambda w, v: minimum(log(w * 1e308), v), 100.0),
    "log1p of infinity": (lambda w, v: minimum(log1p(w * 1e308), v), 100.0),
    "sqrt of infinity": (lambda w, v: minimum(sqrt(w * 1e308), v), 100.0),
    "a quotient by infinity": (lambda w, v: v / (w * 1e308) + v, 100.0),
    "a power of 0": (lambda w, v: w**3 + v, 0.0),
    "a power to 0 of 0": (lambda w, v: w**0 + v, 0.0),
    "sigmoid far out": (lambda w, v: sigmoid(-800.0 * w) + v, 1.0),
    "silu far out": (lambda w, v: silu(-800.0 * w) + v, 1.0),
    "gelu far out": (lambda w, v: gelu(-50.0 * w) + v, 1.0),
    "a gradient of 0": (lambda w, v: maximum(w - 100.0, 0.0) + 0.0 * v, 1.0),
}


@pytest.mark.parametrize(("f", "w"), QUIET.values(), ids=QUIET)
def test_no_step_comes_back_where_python_raises_nothing(left_to_graphs, f, w):
    parts = lambda: Curve(f, w), ([[1.0]] * 2, [0.0] * 2), first_number, slow

    assert same_bits_replayed(*parts, steps=20)
    bits_of_training(*parts, steps=20, replay=True, fast=True)
    assert left_to_graphs == []


@pytest.mark.skipif(not compiled, reason="Python raises, and asks the graph for the slope")
@pytest.mark.parametrize(
    "f",
    [
        lambda w, v: sqrt(w) + v,
        lambda w, v: w**0.5 + v,
        lambda w, v: asin(1.0 - w) + v,
        lambda w, v: acos(w - 1.0) + v,
    ],
)
def test_no_step_comes_back_because_a_slope_is_infinite(left_to_graphs, f):
    parts = lambda: Curve(f, 0.0), ([[1.0]], [0.0]), first_number, slow

    assert same_bits_replayed(*parts, steps=1)
    assert left_to_graphs == []


def test_no_step_comes_back_while_gradients_are_clipped_and_rates_vanish(left_to_graphs):
    line = lambda: Curve(lambda w, v: w + v, 1.0)  # noqa: E731
    adam = lambda p: Adam(p, betas=(0.1, 0.1))  # noqa: E731
    vanishing = lambda optimizer: ExponentialLR(optimizer, gamma=1e-3)  # noqa: E731
    parts = line, ([[1e300]], [0.0]), first_number, adam, vanishing

    assert same_bits_replayed(*parts, steps=400, max_norm=1e-3)
    assert left_to_graphs == []


def test_no_step_comes_back_of_classes_told_apart_beyond_doubt(left_to_graphs):
    model = lambda: MLP(1, [3], rng=random.Random(0))  # noqa: E731
    samples = ([[-1e4], [0.0], [1e4]], [0, 1, 2])
    plain = lambda p: SGD(p, lr=1.0)  # noqa: E731

    assert same_bits_replayed(model, samples, cross_entropy, plain, steps=50)
    assert left_to_graphs == []


ERRORS = {
    "a logarithm of 0": (lambda w, v: log(w) + v, 1.0, 2.0),
    "a division by 0": (lambda w, v: v - 1.0 / w, 1.0, 1.0),
    "an overflow": (lambda w, v: exp(w * w) + v, 1.0, 1.0),
    "a large power": (lambda w, v: (w * w) ** 200 + v, 1.0, 1.0),
}


@pytest.mark.parametrize(("f", "w", "lr"), ERRORS.values(), ids=ERRORS)
def test_a_step_at_which_python_raises_comes_back_to_raise(left_to_graphs, f, w, lr):
    model = Curve(f, w)
    optimizer = SGD(model.parameters(), lr=lr)

    with pytest.raises(TrainingError):
        fit(model, ([[1.0]], [0.0]), optimizer=optimizer, loss=first_number, steps=9, replay=True)
    assert len(left_to_graphs) == 1


SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    -3.0,
    0.5,
    5e-324,
    1e-310,
    1e-200,
    1e308,
    709.9,
    -745.2,
    1e155,
]
OPS = [op for op in TABLE.values() if op.name != "hypot"]  # which the machine does not have


def applied(op, x, y):
    return op(x) if op.arity == 1 else op(x, y)


@pytest.mark.skipif(not compiled, reason="Python raises, and asks the graph for the slope")
@pytest.mark.parametrize("first", OPS, ids=lambda op: op.name)
def test_no_step_of_two_ops_at_special_numbers_comes_back(left_to_graphs, first):
    rng, done = random.Random(first.name), 0
    for _ in range(40):
        second, w, v = rng.choice(OPS), rng.choice(SPECIAL), rng.choice(SPECIAL)
        f = lambda w, v, op=second: applied(op, applied(first, w, v), v) + 0.5 * v  # noqa: E731
        parts = lambda f=f, w=w, v=v: Curve(f, w, v), ([[1.0]] * 2, [0.0] * 2), first_number, slow
        try:
            eager = bits_of_training(*parts, steps=1)
            replayed = bits_of_training(*parts, steps=1, replay=True)
        except (TrainingError, NoPlanError):
            left_to_graphs.clear()
            continue
        done += 1
        assert (replayed, left_to_graphs) == (eager, []), (second, w, v)

    assert done > 5
