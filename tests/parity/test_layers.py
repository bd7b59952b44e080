"""Layers, activations, starting weights and penalties give PyTorch's numbers and gradients.

COMPARED says what is compared with what settings; `difference(case)` does it.
"""

import inspect
import math
import random
from unittest import mock

import pytest

from engine import Value
from nn import activations, init, layers, penalties
from nn.module import Module

torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")

SEEDS = (0, 1, 2)
TOLERANCE = 1e-12  # times the number, or 1 if that is more
WIDTH = 5
SCALES = (0.0, 0.1, 1.0, 10.0, 300.0)  # of a sample's numbers: kinks, and tails


def case(kind, name, *arguments, only_torch=None, **settings):
    """`only_torch` are settings that PyTorch's needs to compute the same as ours."""
    settings = {"arguments": arguments, **settings}
    return {"kind": kind, "name": name, "settings": settings, "only_torch": only_torch or {}}


def layer(name, *arguments, **settings):
    return case("layer", name, *arguments, **settings)


def start(name, **settings):
    return case("init", name, **settings)


COMPARED = [
    layer("Linear", WIDTH, 4),
    layer("Linear", WIDTH, 1),
    layer("Linear", WIDTH, 3, bias=False),
    layer("LayerNorm", WIDTH),
    layer("LayerNorm", WIDTH, eps=0.1),
    layer("LayerNorm", WIDTH, bias=False),
    layer("LayerNorm", WIDTH, elementwise_affine=False),
    layer("Identity"),
    layer("Flatten", only_torch={"start_dim": 0}),
    layer("Dropout", p=0.0),
    layer("Dropout", p=1.0),
    layer("Dropout", p=0.3, mode="eval"),
    layer("ReLU"),
    layer("LeakyReLU"),
    layer("LeakyReLU", negative_slope=0.2),
    layer("ELU"),
    layer("ELU", alpha=1.5),
    layer("GELU"),
    layer("SiLU"),
    layer("Softplus", only_torch={"threshold": 500.0}),
    layer("Softplus", beta=0.5, only_torch={"threshold": 500.0}),
    layer("Sigmoid"),
    layer("Tanh"),
    layer("Softmax", only_torch={"dim": -1}),
    layer("LogSoftmax", dim=0),
    layer(
        "Sequential",
        layer("Linear", WIDTH, 6),
        layer("LayerNorm", 6),
        layer("GELU"),
        layer("Linear", 6, 6, bias=False),
        layer("Tanh"),
        layer("Dropout", p=0.4),
        layer("Linear", 6, 3),
        layer("LogSoftmax", dim=-1),
        mode="eval",
    ),
    start("uniform_", a=-0.3, b=0.7),
    start("normal_", mean=0.2, std=3.0),
    start("constant_", val=0.3),
    start("zeros_"),
    start("ones_"),
    start("xavier_uniform_"),
    start("xavier_uniform_", gain=5 / 3),
    start("xavier_normal_"),
    start("xavier_normal_", gain=0.5),
    start("kaiming_uniform_"),
    start("kaiming_uniform_", a=math.sqrt(5)),
    start("kaiming_uniform_", mode="fan_out", nonlinearity="relu"),
    start("kaiming_normal_"),
    start("kaiming_normal_", mode="fan_out", nonlinearity="tanh"),
    start("kaiming_normal_", nonlinearity="selu"),
    *[
        start("calculate_gain", nonlinearity=name)
        for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
    ],
    start("calculate_gain", nonlinearity="leaky_relu", param=0.3),
    case("penalty", "l1_penalty"),
    case("penalty", "l2_penalty"),
]


# ---- layers: outputs, and the gradients of a weighted sum of them ----


def ours(case):
    kind = getattr(layers, case["name"], None) or getattr(activations, case["name"])
    return made(kind, case["settings"], ours)


def theirs(case):
    kind = getattr(torch.nn, case["name"])
    return made(kind, {**case["settings"], **case["only_torch"]}, theirs).double()


def made(kind, settings, part):
    arguments = [part(x) if isinstance(x, dict) else x for x in settings["arguments"]]
    named = {name: x for name, x in settings.items() if name not in ("arguments", "mode")}
    return kind(*arguments, **named).train(settings.get("mode") != "eval")


def layer_pairs(case, seed):
    """(ours, PyTorch's) for every output and gradient, for a sample of each scale."""
    noise = random.Random(seed)
    model, twin = ours(case), theirs(case)
    init.normal_(model.parameters(), rng=noise)
    twin.load_state_dict({name: double(x) for name, x in model.state_dict().items()})
    for scale in SCALES:
        x = [Value(scale * noise.gauss(0.0, 1.0)) for _ in range(WIDTH)]
        its_x = double([v.data for v in x]).requires_grad_()
        model.zero_grad()
        twin.zero_grad()

        y, its_y = model(x), twin(its_x)
        weights = [noise.gauss(0.0, 1.0) for _ in y]
        for w, v in zip(weights, y):
            v.backward(w)
        (double(weights) * its_y).sum().backward()

        yield from zip([v.data for v in y], its_y.tolist(), strict=True)
        yield from zip([v.grad for v in x], its_x.grad.tolist(), strict=True)
        grads = [g for p in twin.parameters() for g in p.grad.flatten().tolist()]
        yield from zip([p.grad for p in model.parameters()], grads, strict=True)


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


# ---- starting weights: the distribution that is drawn from, or the constants ----


class Recorder(random.Random):
    """A random source that notes what it was asked for, and says 0."""

    def uniform(self, a, b):
        self.asked = [a, b]
        return 0.0

    def gauss(self, mu, sigma):
        self.asked = [mu, sigma]
        return 0.0


def init_pairs(case, seed):
    """(ours, PyTorch's) for what the weights were drawn with, and what they are without a draw."""
    noise = random.Random(seed)
    rows, columns = noise.randint(1, 9), noise.randint(1, 9)
    arguments = {name: x for name, x in case["settings"].items() if name != "arguments"}
    mine, its = getattr(init, case["name"]), getattr(torch.nn.init, case["name"])
    if case["name"] == "calculate_gain":
        yield mine(**arguments), its(**arguments)
        return
    weights = [[Value(9.0) for _ in range(columns)] for _ in range(rows)]
    tensor = torch.zeros(rows, columns, dtype=torch.float64)
    if "rng" not in inspect.signature(mine).parameters:
        yield from zip(
            [w.data for row in mine(weights, **arguments) for w in row],
            its(tensor, **arguments).flatten().tolist(),
            strict=True,
        )
        return
    source, asked = Recorder(), []

    def record(tensor, x, y, generator=None):
        asked.extend([x, y])
        return tensor

    drawn = "normal_" if "normal" in case["name"] else "uniform_"
    with mock.patch.object(torch.Tensor, drawn, record):
        its(tensor, **arguments)
    mine(weights, **arguments, rng=source)
    yield from zip(source.asked, asked, strict=True)


# ---- penalties: their values and gradients ----


PENALTIES = {"l1_penalty": lambda p: p.abs().sum(), "l2_penalty": lambda p: (p * p).sum()}


def penalty_pairs(case, seed):
    noise = random.Random(seed)
    parameters = [Value(noise.gauss(0.0, 3.0)) for _ in range(50)] + [Value(0.0)]
    tensor = double([p.data for p in parameters]).requires_grad_()

    penalty = getattr(penalties, case["name"])(parameters)
    penalty.backward()
    its = PENALTIES[case["name"]](tensor)
    its.backward()

    yield penalty.data, its.item()
    yield from zip([p.grad for p in parameters], tensor.grad.tolist(), strict=True)


PAIRS = {"layer": layer_pairs, "init": init_pairs, "penalty": penalty_pairs}


def difference(case, seed=0):
    """The largest difference from PyTorch, and how many numbers were compared."""
    largest, count = 0.0, 0
    for x, y in PAIRS[case["kind"]](case, seed):
        count += 1
        apart = abs(x - y) / max(1.0, abs(y))
        if not apart <= largest:  # larger, or nan
            largest = apart
            if apart != apart:
                break
    return largest, count


def title(case):
    settings = dict(case["settings"])
    arguments = [title(x) if isinstance(x, dict) else repr(x) for x in settings.pop("arguments")]
    return f"{case['name']}({', '.join(arguments + [f'{k}={x!r}' for k, x in settings.items()])})"


@pytest.mark.parametrize("case", COMPARED, ids=title)
@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_and_gradients_are_those_of_pytorch(case, seed):
    largest, count = difference(case, seed)

    assert count >= 1
    assert largest <= TOLERANCE


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("LayerNorm", layers.LayerNorm(WIDTH, eps=1.001e-5)),
        ("LeakyReLU", activations.LeakyReLU(0.0100001)),
        ("Softmax", activations.LogSoftmax()),
    ],
)
def test_a_slightly_wrong_layer_is_caught(monkeypatch, name, wrong):
    case = next(case for case in COMPARED if case["name"] == name)
    module = layers if hasattr(layers, name) else activations
    monkeypatch.setattr(module, name, lambda *_, **__: wrong)

    assert difference(case)[0] > TOLERANCE


def test_every_layer_and_activation_is_compared():
    kinds = [x for module in (layers, activations) for x in vars(module).values()]
    names = {x.__name__ for x in kinds if isinstance(x, type) and issubclass(x, Module)}

    without = {"Module", "Normalization"}  # PyTorch has no module for the second
    without |= {"Embedding"}  # which takes tokens: test_embedding.py compares it
    assert names - without <= {case["name"] for case in COMPARED}


def test_every_function_of_init_is_compared():
    names = {name for name in vars(init) if name.endswith("_") and not name.startswith("_")}

    assert names <= {case["name"] for case in COMPARED}


OURS_ALONE = {"rng"}  # where PyTorch has a generator, or none
LAYERS = sorted({case["name"] for case in COMPARED if case["kind"] == "layer"})
STARTS = sorted({case["name"] for case in COMPARED if case["kind"] == "init"})


@pytest.mark.parametrize(
    ("mine", "its"),
    [
        (getattr(layers, name, None) or getattr(activations, name), getattr(torch.nn, name))
        for name in LAYERS
        if name not in ("Identity", "Sequential")  # which take any
    ]
    + [(getattr(init, name), getattr(torch.nn.init, name)) for name in STARTS],
)
def test_arguments_have_the_names_and_defaults_of_pytorch(mine, its):
    theirs = inspect.signature(its).parameters
    names = [name for name in inspect.signature(mine).parameters if name not in OURS_ALONE]

    assert {name: inspect.signature(mine).parameters[name].default for name in names} == {
        name: theirs[name].default for name in names
    }


@pytest.mark.parametrize(("columns", "rows"), [(1, 3), (7, 2), (100, 5)])
def test_linear_starts_within_the_bounds_of_pytorch(columns, rows):
    source = Recorder()
    layers.Linear(columns, rows, rng=source)
    asked = []

    def record(tensor, x, y, generator=None):
        asked.append([x, y])
        return tensor

    with mock.patch.object(torch.Tensor, "uniform_", record):
        torch.nn.Linear(columns, rows)

    assert asked == [pytest.approx(source.asked, rel=1e-15)] * 2  # of the weights, of the biases


def test_softplus_differs_from_pytorchs_default_only_where_that_is_linear():
    x = [19.9, 20.1, 30.0]

    apart = [
        abs(mine - its)
        for mine, its in zip(activations.Softplus()(x), torch.nn.Softplus()(double(x)).tolist())
    ]

    assert apart[0] <= 2e-14 < 1e-9 < apart[1] < 2.1e-9  # 2e-14: some units in the last place of 20


def test_half_of_the_l2_penalty_trains_as_pytorchs_weight_decay():
    noise = random.Random(0)
    model = layers.Linear(WIDTH, 1, rng=noise)
    twin = torch.nn.Linear(WIDTH, 1).double()
    twin.load_state_dict({name: double(x) for name, x in model.state_dict().items()})
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1, weight_decay=0.3)
    x = [noise.gauss(0.0, 1.0) for _ in range(WIDTH)]

    for _ in range(20):
        model.zero_grad()
        (model(x)[0] ** 2 + 0.3 / 2 * penalties.l2_penalty(model.parameters())).backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        optimizer.zero_grad()
        (twin(double(x))[0] ** 2).backward()
        optimizer.step()

    expected = [x for p in twin.parameters() for x in p.flatten().tolist()]
    assert [p.data for p in model.parameters()] == pytest.approx(expected, rel=1e-12, abs=1e-12)
