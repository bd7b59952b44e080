"""The parts of a model that a folded picture makes one box each."""

import random

import pytest

from nn import MLP, Dropout, Layer, Linear, Module, Neuron, Sequential, Tanh
from nn.pictures.parts import parts_of


def names(model, level=None):
    return [part.name for part in parts_of(model, level)]


@pytest.fixture
def model():
    return MLP(2, [3, 1], activation="tanh", rng=random.Random(0))


def test_modules_with_parameters_of_their_own_are_the_parts(model):
    neurons = [f"layers.0.neurons.{i}" for i in range(3)]

    assert names(model) == [*neurons, "layers.1.neurons.0"]


@pytest.mark.parametrize("level", [Layer, "Layer", 1])
def test_a_class_its_name_and_a_depth_choose_the_same_parts(model, level):
    assert names(model, level) == ["layers.0", "layers.1"]


def test_a_base_class_chooses_all_that_are_of_it(model):
    assert names(model, Module) == names(model)


def test_depth_0_is_the_whole_model(model):
    (whole,) = parts_of(model, 0)

    assert whole.parameters == tuple(model.parameters())


def test_beyond_the_deepest_module_its_owners_are_the_parts(model):
    assert names(model, 9) == names(model, Neuron)


def test_every_parameter_belongs_to_one_part():
    shared = Linear(2, 2, rng=random.Random(0))
    model = Sequential(shared, Tanh(), Dropout(0.5), shared)

    assert [p for part in parts_of(model) for p in part.parameters] == model.parameters()


def test_a_name_that_no_module_has_is_refused(model):
    with pytest.raises(ValueError, match="no module of the model is 'Linear': take one of MLP"):
        parts_of(model, "Linear")


@pytest.mark.parametrize("level", [-1, True, 1.5, [Layer]])
def test_anything_else_is_no_level(model, level):
    with pytest.raises(TypeError, match="level takes a class, its name, or a depth from 0, got"):
        parts_of(model, level)
