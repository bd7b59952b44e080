"""Activations as modules: their values, for numbers and for Values."""

import math

import pytest

from engine import Value, softplus, topological_order
from nn.activations import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nn.layers import Dropout, Flatten, Identity, LayerNorm, Linear

ACTIVATIONS = [ReLU, LeakyReLU, ELU, GELU, SiLU, Softplus, Sigmoid, Tanh, Softmax, LogSoftmax]
SHAPELESS = [*ACTIVATIONS, Dropout, Identity, Flatten, lambda: LayerNorm(3)]


def data_of(outputs):
    return [float(y) for y in outputs]


@pytest.mark.parametrize(
    ("module", "x", "y"),
    [
        (ReLU(), [-1.0, 0.0, 2.0], [0.0, 0.0, 2.0]),
        (LeakyReLU(), [-1.0, 2.0], [-0.01, 2.0]),
        (LeakyReLU(0.5), [-1.0, 2.0], [-0.5, 2.0]),
        (ELU(), [-1.0, 2.0], [math.expm1(-1.0), 2.0]),
        (ELU(3.0), [-1.0, 2.0], [3.0 * math.expm1(-1.0), 2.0]),
        (GELU(), [0.0, 40.0, -40.0], [0.0, 40.0, 0.0]),
        (SiLU(), [0.0, 2.0], [0.0, 2.0 / (1.0 + math.exp(-2.0))]),
        (Softplus(), [0.0, 1000.0], [math.log(2.0), 1000.0]),
        (Softplus(2.0), [0.0, 1000.0], [math.log(2.0) / 2.0, 1000.0]),
        (Sigmoid(), [0.0, 1000.0, -1000.0], [0.5, 1.0, 0.0]),
        (Tanh(), [0.0, 0.5], [0.0, math.tanh(0.5)]),
        (Softmax(), [1000.0, 1000.0], [0.5, 0.5]),
        (LogSoftmax(), [0.0, 1000.0], [-1000.0, 0.0]),
        (Identity(), (1.0, 2.0), [1.0, 2.0]),
        (Flatten(), [[1.0, 2.0], [[3.0], 4.0]], [1.0, 2.0, 3.0, 4.0]),
    ],
    ids=repr,
)
def test_a_module_of_numbers_has_these_values(module, x, y):
    assert module(x) == y


def test_softplus_does_not_become_linear_above_a_threshold():
    assert Softplus()([21.0]) == [softplus(21.0)] != [21.0]


def test_log_softmax_keeps_the_differences_of_large_numbers():
    assert LogSoftmax()([1e15, 1e15]) == [-math.log(2.0)] * 2


def test_softmax_of_values_sums_to_one():
    assert sum(data_of(Softmax()([Value(1.0), 2.0, Value(-3.0)]))) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("make", SHAPELESS)
def test_a_module_takes_values_and_gives_nodes_that_depend_on_them(make):
    x = [Value(0.1), Value(-0.2), Value(0.3)]

    outputs = make()(x)

    assert len(outputs) == 3
    assert all(x[i] in topological_order(y) for i, y in enumerate(outputs))


@pytest.mark.parametrize("make", [*ACTIVATIONS, Dropout, Identity, Flatten])
def test_a_module_without_parameters_gives_floats_for_floats(make):
    assert [type(y) for y in make()([0.5, -0.5])] == [float, float]


@pytest.mark.parametrize("make", [*ACTIVATIONS, Dropout, Identity, Flatten, lambda: LayerNorm(1)])
def test_a_bare_number_is_a_list_of_one(make):
    model = make().eval()

    assert data_of(model(Value(2.0))) == data_of(model([2.0]))


@pytest.mark.parametrize("make", SHAPELESS)
def test_a_module_leaves_its_input_list_alone(make):
    x = [Value(0.1), Value(-0.2), Value(0.3)]
    before = list(x)

    assert make().eval()(x) is not x
    assert x == before


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (Linear(2, 3), "Linear(2, 3)"),
        (Linear(2, 3, bias=False), "Linear(2, 3, bias=False)"),
        (Dropout(0.25), "Dropout(p=0.25)"),
        (LayerNorm(4), "LayerNorm(4)"),
        (LayerNorm(4, 0.1, bias=False), "LayerNorm(4, eps=0.1, bias=False)"),
        (LayerNorm(4, elementwise_affine=False), "LayerNorm(4, elementwise_affine=False)"),
        (LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
        (ELU(2), "ELU(alpha=2.0)"),
        (Softplus(), "Softplus(beta=1.0)"),
        (Softmax(-1), "Softmax(dim=-1)"),
        (LogSoftmax(), "LogSoftmax(dim=None)"),
        (GELU(), "GELU()"),
    ],
)
def test_the_repr_of_a_module_makes_it_again(module, text):
    assert repr(module) == text
    assert repr(eval(text)) == text
