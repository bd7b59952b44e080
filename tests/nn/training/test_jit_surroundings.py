"""A jitted function has eager's bits whatever changes around it: models, modes, numbers, copies."""

import copy
import json
import math
import pickle
import random
from array import array
from fractions import Fraction
from functools import partial

import pytest

from engine import Value, trace
from nn import MLP, Dropout, Linear, Module, Sequential, Tanh, cross_entropy, data, jit, mse_loss
from nn.training.surroundings import Surroundings

INPUTS, TARGETS = data.moons(12)
MODEL, SCALE = MLP(2, [3, 1], activation="tanh", rng=random.Random(0)), 1.0
RNG = random.Random(7)


def with_dropout():
    rng = random.Random(1)
    return Sequential(
        Linear(2, 4, rng=rng), Tanh(), Dropout(0.4, rng=random.Random(2)), Linear(4, 2, rng=rng)
    )


def plain(inputs, targets):
    return SCALE * mse_loss([MODEL(x) for x in inputs], targets)


def warm(function, model, *args):
    """Three calls, the last of them replayed."""
    before = function.replayed
    for _ in range(3):
        model.parameters()[0].data += 0.125
        loss = function(*args)
    assert function.replayed == before + 1
    return loss


# ---- what is global ----


def test_a_global_model_that_is_made_anew_is_seen(monkeypatch):
    function = jit(plain)
    warm(function, MODEL, INPUTS, TARGETS)
    monkeypatch.setitem(globals(), "MODEL", MLP(2, [2, 1], rng=random.Random(5)))

    for _ in range(4):
        MODEL.parameters()[0].data += 0.5
        assert function(INPUTS, TARGETS).data == plain(INPUTS, TARGETS).data
    assert function.replayed == 3


def test_a_global_number_that_changes_is_seen(monkeypatch):
    function = jit(plain)
    warm(function, MODEL, INPUTS, TARGETS)
    monkeypatch.setitem(globals(), "SCALE", 2.0)

    assert function(INPUTS, TARGETS).data == plain(INPUTS, TARGETS).data


def test_the_mode_of_a_global_model_is_seen(monkeypatch):
    monkeypatch.setitem(globals(), "MODEL", with_dropout())

    def loss(inputs, targets):
        return cross_entropy([MODEL(x) for x in inputs], targets)

    function = jit(loss)
    warm(function, MODEL, INPUTS, TARGETS)
    MODEL.eval()
    assert function(INPUTS, TARGETS).data == loss(INPUTS, TARGETS).data
    MODEL.train()
    function(INPUTS, TARGETS)
    assert function.replayed == 2  # each mode keeps its recording


def test_recording_draws_no_random_number():
    twin = random.Random()
    twin.setstate(RNG.getstate())
    weight = Value(2.0)

    found = [jit(lambda xs: weight * sum([x * RNG.random() for x in xs]))([1.0]).data]
    assert found == [2.0 * twin.random()]


# ---- what is inside ----


class Trainer:
    def __init__(self, model):
        self.model, self.scale, self.seen = model, 1.0, []

    def loss(self, inputs, targets):
        return self.scaled(cross_entropy([self.model(x) for x in inputs], targets))

    def scaled(self, loss):
        return self.scale * loss


@pytest.mark.parametrize("wrap", [lambda f: f, partial, lambda f: lambda *a: f(*a)])
def test_what_an_object_of_another_class_holds_is_seen(wrap):
    trainer = Trainer(with_dropout().eval())
    function = jit(wrap(trainer.loss))
    warm(function, trainer.model, INPUTS, TARGETS)
    trainer.seen.append(1)  # the function does not read it
    function(INPUTS, TARGETS)
    assert function.replayed == 2

    trainer.scale = 3.0
    assert function(INPUTS, TARGETS).data == trainer.loss(INPUTS, TARGETS).data
    trainer.model.train()
    state = trainer.model[2].rng.getstate()
    found = function(INPUTS, TARGETS).data
    trainer.model[2].rng.setstate(state)
    assert found == trainer.loss(INPUTS, TARGETS).data


class Scaled(Module):
    def __init__(self):
        self.inner, self.factor = MLP(2, [1, 2], rng=random.Random(0)), 1.0

    def __call__(self, x):
        return [y * self.factor for y in self.inner(x)]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m, "factor", 2.0),
        lambda m: setattr(m, "inner", MLP(2, [2], rng=random.Random(3))),
        lambda m: m.inner.layers[0].neurons[0].weights.__setitem__(0, Value(9.0)),
        lambda m: setattr(m.inner.layers[0].neurons[0], "bias", Value(9.0)),
    ],
    ids=["a number", "a layer", "a weight", "a bias"],
)
def test_a_model_that_is_changed_is_recorded_anew(change):
    model = Scaled()

    def loss(inputs):
        return mse_loss([model(x)[0] for x in inputs], [0.5] * len(inputs))

    function = jit(loss)
    warm(function, model, INPUTS)
    change(model)

    for _ in range(4):
        assert function(INPUTS).data == loss(INPUTS).data
        model.parameters()[0].data += 0.25
    assert function.replayed > 1


def test_layers_that_are_added_are_seen():
    layers = [Linear(2, 2, rng=random.Random(0))]

    def loss(inputs):
        found = []
        for x in inputs:
            for layer in layers:
                x = layer(x)
            found.append(x[0])
        return mse_loss(found, [0.5] * len(found))

    function = jit(loss)
    warm(function, layers[0], INPUTS[:3])
    layers.append(Linear(2, 2, rng=random.Random(1)))

    assert function(INPUTS[:3]).data == loss(INPUTS[:3]).data


def test_a_function_that_changes_what_it_reads_is_left_to_the_graph():
    weight, seen = Value(2.0), []

    def loss(xs):
        seen.append(len(seen))
        return weight * xs[0] * len(seen)

    function = jit(loss)
    for _ in range(12):
        found = function([1.0]).data
        assert found == 2.0 * len(seen)
    assert function.reason == "what the function reads changes from call to call"
    count = len(seen)
    function([1.0])
    assert len(seen) == count + 1


def test_changes_now_and_then_are_recorded_anew_each_time(monkeypatch):
    function = jit(plain)
    for n in range(6):
        monkeypatch.setitem(globals(), "SCALE", n + 1.5)
        for _ in range(5):  # the same numbers, which prove nothing
            assert function(INPUTS, TARGETS).data == plain(INPUTS, TARGETS).data
    assert (function.reason, function.replayed) == ("", 0)

    for _ in range(2):
        MODEL.parameters()[0].data += 0.125
        assert function(INPUTS, TARGETS).data == plain(INPUTS, TARGETS).data
    assert function.replayed == 1


# ---- arguments ----


@pytest.mark.parametrize(
    "choose",
    [
        lambda w, x: w * x if x > 2 else w,
        lambda w, x: w * x if x == 3.0 else w,
        lambda w, x: w * x if x else w,
        lambda w, x: w * x if not x <= 2 else w,
        lambda w, x: w * x if int(x) == 3 else w,
        lambda w, x: w * x if x in (3.0, 4.0) else w,
        lambda w, x: w * max(x, 2.0),
        lambda w, x: w * math.floor(float(x)),
    ],
)
def test_a_choice_by_an_argument_is_left_to_the_graph(choose):
    w = Value(1.0)
    function = jit(lambda x: choose(w, x))
    for x in (0.0, 0.0, 0.0, 3.0, 4.0, 0.0):
        w.data += 0.5
        assert function(x).data == choose(w, x).data
    assert function.replayed == 0
    assert "takes a number of its arguments out of the graph" in function.reason


def test_arguments_of_other_kinds_of_numbers_are_told_apart():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    w = Value(1.0)
    for kind in (np.float64, np.float32, np.float16, np.int64, np.array, Fraction, int):
        function = jit(lambda x: w * w * x)
        for i in range(6):
            w.data += 0.5
            assert function(kind(i)).data == w.data * w.data * i
        assert function.replayed == 4


@pytest.mark.parametrize(
    "make", [lambda n: {"scale": n}, lambda n: iter([n]), lambda n: {n}, lambda n: object()]
)
def test_what_is_neither_data_nor_a_setting_is_left_to_the_graph(make):
    w = Value(1.0)

    def loss(given):
        if isinstance(given, dict):
            return w * given["scale"]
        return w * sum(given) if hasattr(given, "__iter__") else w * 1.0

    function = jit(loss)
    for n in (1.0, 2.0, 3.0, 4.0):
        w.data += 0.5
        assert function(make(n)).data == loss(make(n)).data
    assert function.replayed == 0
    assert "neither data nor a setting" in function.reason


def test_settings_are_part_of_the_structure():
    w = Value(1.0)
    function = jit(lambda xs, name, flag=True: w * xs[0] * (2 if name == "two" else 3) + flag)
    for _ in range(4):
        w.data += 0.5
        for name, n in (("".join(["t", "wo"]), 2), ("three", 3)):
            assert function([5.0], name).data == w.data * 5 * n + 1
            assert function([5.0], name, False).data == w.data * 5 * n
    assert function.replayed == 8


def test_a_model_may_be_an_argument():
    one, two = with_dropout().eval(), with_dropout().eval()
    two[0].parameters()[0].data = 4.0

    def loss(model, inputs, targets):
        return cross_entropy([model(x) for x in inputs], targets)

    function = jit(loss)
    for _ in range(4):
        for model in (one, two):
            model.parameters()[1].data += 0.5
            assert function(model, INPUTS, TARGETS).data == loss(model, INPUTS, TARGETS).data
    assert function.replayed == 3  # the second model is a new structure for both
    one.train()
    function(one, INPUTS, TARGETS)
    assert function.replayed == 3


def test_arguments_may_be_given_by_name():
    function = jit(plain)
    for _ in range(3):
        MODEL.parameters()[0].data += 0.5
        found = function(targets=TARGETS, inputs=INPUTS).data
        assert found == plain(INPUTS, TARGETS).data
    assert function.replayed == 1

    w = Value(2.0)
    by_name = jit(lambda xs, *, scale: w * xs[0] * scale)
    assert [by_name([1.0], scale=s).data for s in (1.0, 2.0, 3.0)] == [2.0, 4.0, 6.0]
    assert by_name.reason == "scale is no argument by its place, but by its name"
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        function(INPUTS, TARGETS, other=1)


def test_an_array_of_python_is_a_list():
    w = Value(1.0)
    function = jit(lambda xs: sum([w * x for x in xs]))
    for n in (1.0, 2.0, 3.0):
        assert function(array("d", [n, n])).data == 2 * n
        w.data = 1.0


# ---- copies ----


@jit
def of_this_module(xs):
    return mse_loss([MODEL(x) for x in xs], [0.0 for _ in xs])


def test_a_jitted_function_can_be_copied():
    assert pickle.loads(pickle.dumps(of_this_module)) is of_this_module
    assert copy.deepcopy(of_this_module) is of_this_module
    own = copy.deepcopy(jit(lambda xs: Value(2.0) * xs[0]))
    assert own([3.0]).data == 6.0


class Line(Module):
    def __init__(self):
        self.slope = Value(2.0)

    @jit
    def loss(self, xs):
        return sum([self.slope * x for x in xs])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copied_model_has_its_own_jitted_method(copied):
    line = Line()
    for n in (1.0, 2.0, 3.0):
        line.loss([n])
    twin = copied(line)
    twin.slope.data = 5.0

    assert (twin.loss([1.0]).data, line.loss([1.0]).data) == (5.0, 2.0)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_replayed_loss_can_be_copied(copied):
    w = Value(3.0)
    function = jit(lambda xs: w * w * xs[0])
    for n in (1.0, 2.0, 3.0):
        w.data += 1.0
        loss = function([n])
    assert function.replayed == 1
    twin = copied(loss)
    twin.backward()

    (leaf,) = twin.inputs
    assert (twin.data, leaf.grad, w.grad) == (108.0, 36.0, 0.0)


def test_a_program_of_a_replayed_loss_gives_no_number_for_other_parameters():
    w = Value(3.0)
    function = jit(lambda xs: w * w * xs[0])
    for n in (1.0, 2.0, 3.0):
        w.data += 1.0
        program = trace(function([n]), inputs=[], parameters=[w])
    assert program([]) == 108.0

    w.data = 7.0
    with pytest.raises(ValueError, match="known only for the parameters of its call"):
        program([])


def test_libraries_are_not_looked_through():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    around = Surroundings([lambda xs: np.linalg.norm(xs) + math.fsum(xs) + len(json.dumps(pytest))])

    assert len(around.seen) < 30


def test_what_was_read_is_the_same_until_it_changes():
    model = with_dropout()
    around = Surroundings([lambda xs: [model(x) for x in xs]])

    assert not around.changed()
    model.eval()
    assert (around.changed(), set(around.modes())) == (False, {False})
    model[0].parameters()[0].data += 1.0
    assert not around.changed()
    model.extra = 1.0
    assert around.changed()
