"""Parameters find the names that they have in their model, without being told the model."""

import copy
import gc
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, explain, explore
from nn import MLP, Module, Sequential, Tanh, mse_loss
from nn.module import models_with


def mlp(*sizes, seed=0):
    nin, *nouts = sizes or (2, 2, 1)
    return MLP(nin, nouts, activation="tanh", rng=random.Random(seed))


def shown(value, **options):
    return [node["name"] for node in explore(value, **options).contents["nodes"]]


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_an_explorer_has_the_names_that_the_model_gives(sizes, seed):
    model = mlp(*sizes, seed=seed)
    out = model([Value(0.5) for _ in range(sizes[0])])
    loss = out if isinstance(out, Value) else mse_loss(out, [0.0] * sizes[-1])

    assert shown(loss) == shown(loss, model=model)


def test_an_explanation_has_the_names_that_the_model_gives():
    model = mlp()
    loss = mse_loss([model([1.0, 0.0])], [1.0])
    weight = model.parameters()[0]

    assert explain(loss, weight).text() == explain(loss, weight, model=model).text()
    assert "w0_0_0" in explain(loss, weight).text()


def test_a_label_goes_before_the_name_in_the_model():
    model = mlp()
    model.parameters()[0].label = "mine"

    found = shown(model([1.0, 0.0]))
    assert {"mine", "w0_0_1"} <= set(found)
    assert "w0_0_0" not in found


def test_the_outermost_model_gives_the_names():
    inner = mlp(2, 1)
    outer = Sequential(inner, Tanh())

    (value,) = outer([1.0, 0.0])
    assert shown(value) == shown(value, model=outer)


def test_two_models_in_a_graph_both_have_names():
    one, two = mlp(1, 1), mlp(1, 1, seed=1)

    assert sorted(models_with([*one.parameters(), *two.parameters()]), key=id) == sorted(
        [one, two], key=id
    )
    assert {"w0_0_0", "w0_0_0_2"} <= set(shown(one([1.0]) * two([1.0])))


def test_a_value_outside_of_models_has_no_name_from_one():
    keep = mlp()

    assert shown(Value(1.0) * 2.0)[:1] == ["v1"]
    assert models_with([Value(1.0)]) == []
    assert keep.parameters()


def test_a_module_that_was_a_model_is_not_kept_alive():
    model = mlp()
    value, weight = model([1.0, 0.0]), model.parameters()[0]
    del model
    gc.collect()

    assert models_with([weight]) == []
    assert shown(value)[:1] == ["v1"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_names_its_own_parameters(copied):
    model = mlp()
    other = copied(model)

    assert models_with(other.parameters()) == [other]


def test_a_module_with_its_own_idea_of_equality_gives_names():
    class Odd(Module):
        def __init__(self):
            self.slope = Value(2.0)

        def __eq__(self, other):
            raise TypeError("not to be compared")

    odd = Odd()

    assert shown(odd.slope * 3.0)[:1] == ["s"]
