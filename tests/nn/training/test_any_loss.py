"""Any loss and any targets: replayed with the bits of eager training, as the graph allows it."""

import math
import random
from functools import partial

import pytest

from engine import Value, relu, sigmoid
from engine.programs.plan import NoPlanError
from nn import (
    LBFGS,
    MLP,
    SGD,
    Adam,
    DataLoader,
    Dropout,
    Linear,
    LogSoftmax,
    Module,
    Sequential,
    Sigmoid,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    hinge_loss,
    huber_loss,
    jit,
    kl_div,
    mse_loss,
    nll_loss,
)
from nn.training import plans
from nn.training.graph_stepper import GraphStepper
from nn.training.loop import stepper_of
from nn.training.run import Run


def mlp(*sizes, inputs=2, seed=0, ends=()):
    model = MLP(inputs, sizes, activation="tanh", rng=random.Random(seed))
    return Sequential(model, *ends) if ends else model


def rows(n, width, seed=0):
    rng = random.Random(seed)
    return [[rng.gauss(0, 1) for _ in range(width)] for _ in range(n)]


def left(make, data, replay, loss=mse_loss, optimizer=Adam, **options):
    """All that a training leaves."""
    random.seed(0)
    model = make()
    history = fit(
        model,
        data,
        optimizer=optimizer(model.parameters(), lr=0.05),
        loss=loss,
        replay=replay,
        progress=False,
        **{"epochs": 4, **options},
    )
    numbers = [(p.data.hex(), p.grad.hex()) for p in model.parameters()]
    return [x.hex() for x in history.losses], numbers, random.getstate()


def assert_alike(make, data, **options):
    assert left(make, data, True, **options) == left(make, data, False, **options)


# ---- targets and inputs of any shape ----


@pytest.mark.parametrize("size", [None, 1, 3])
@pytest.mark.parametrize("loss", [mse_loss, partial(huber_loss, reduction="sum")])
def test_a_target_may_be_several_numbers(loss, size):
    assert_alike(lambda: mlp(3, 2), (rows(7, 2), rows(7, 2, 1)), loss=loss, batch_size=size)


class Image(Module):
    """Takes [rows][columns], and gives [2][2]."""

    def __init__(self):
        self.inner = mlp(4, inputs=6)

    def __call__(self, x):
        a, b, c, d = self.inner([v for row in x for v in row])
        return [[a, b], [c, d]]


@pytest.mark.parametrize("size", [None, 2])
def test_inputs_and_targets_may_be_nested(size):
    inputs = [[x[:3], x[3:]] for x in rows(5, 6)]
    targets = [[t[:2], t[2:]] for t in rows(5, 4, 1)]
    assert_alike(Image, (inputs, targets), batch_size=size)


class Pair(Module):
    """Takes a list and a number."""

    def __init__(self):
        self.inner, self.scale = mlp(2, 1), Value(0.5)

    def __call__(self, x):
        numbers, one = x
        return self.inner(numbers) * self.scale * one


def test_a_model_may_take_several_inputs():
    inputs = list(zip(rows(6, 2), [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]))
    assert_alike(Pair, (inputs, [0.0, 1.0] * 3), batch_size=4)


@pytest.mark.parametrize(
    "loss", [cross_entropy, nll_loss, partial(cross_entropy, label_smoothing=0.1)]
)
@pytest.mark.parametrize("size", [1, 2, None])
def test_a_batch_need_not_have_all_classes(loss, size):
    make = lambda: mlp(4, 3, ends=[LogSoftmax()])  # noqa: E731
    assert_alike(make, (rows(8, 2), [0, 2, 1, 0, 2, 2, 1, 1]), loss=loss, batch_size=size)


def test_shares_of_all_classes_may_be_0():
    targets = [[0.0, 1.0, 0.0], [0.25, 0.0, 0.75], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]
    for loss in (cross_entropy, kl_div, partial(kl_div, reduction="batchmean")):
        make = lambda: mlp(3, ends=[LogSoftmax()])  # noqa: E731
        assert_alike(make, (rows(4, 2), targets), loss=loss, batch_size=2)


# ---- losses ----


def ranking(outputs, targets):
    """Over pairs of samples."""
    pairs = [(i, j) for i in range(len(outputs)) for j in range(i)]
    return sum([relu(1 - (targets[i] - targets[j]) * (outputs[i] - outputs[j])) for i, j in pairs])


def tree(outputs, targets):
    parts = [(y - t) ** 2 for y, t in zip(outputs, targets)]
    while len(parts) > 1:
        parts = [sum(parts[i : i + 2]) for i in range(0, len(parts), 2)]
    return parts[0]


def weighted_by_place(outputs, targets):
    return sum([(i + 0.5) * (y - t) ** 2 for i, (y, t) in enumerate(zip(outputs, targets))])


def spread(outputs, targets):
    """The mean of all samples in the loss of each."""
    mean = sum(outputs) / len(outputs)
    return mse_loss([y - mean for y in outputs], targets) + mean * mean


@pytest.mark.parametrize("loss", [ranking, tree, weighted_by_place, spread])
@pytest.mark.parametrize("size", [None, 3])
def test_samples_may_meet_in_any_way(loss, size):
    data = rows(8, 2), [t for (t,) in rows(8, 1, 1)]
    assert_alike(lambda: mlp(3, 1), data, loss=loss, batch_size=size)


class Unit(Module):
    """Weights of length 1: a number that is computed from parameters alone."""

    def __init__(self):
        self.w = [Value(0.5), Value(-0.25)]

    def __call__(self, x):
        length = (self.w[0] * self.w[0] + self.w[1] * self.w[1]) ** 0.5
        return (self.w[0] * x[0] + self.w[1] * x[1]) / length


def test_samples_may_share_a_number_of_parameters_alone():
    assert_alike(Unit, (rows(6, 2), [1.0, 0.0] * 3), batch_size=4)


def test_a_probability_far_below_the_least_counts_as_in_the_graph():
    def make():
        model = Sequential(Linear(1, 1, rng=random.Random(0)), Sigmoid())
        model[0].weight[0][0].data = 40.0
        return model

    data = [[0.1], [-0.1], [-6.0], [-5.0]], [[1.0], [0.0], [1.0], [0.5]]
    for size in (1, 2, None):
        assert_alike(make, data, loss=binary_cross_entropy, batch_size=size, optimizer=SGD)


# ---- weights of samples ----


WEIGHTS = [0.0, 1.0, 2.5, 0.5, 1.0, 3.0, 0.25]


def own(outputs, targets, weights):
    losses = [w * (y - t) ** 2 for y, t, w in zip(outputs, targets, weights)]
    return sum(losses) / sum(weights)


@pytest.mark.parametrize("loss", [mse_loss, partial(huber_loss, reduction="sum"), own])
@pytest.mark.parametrize("size", [None, 3])
def test_weights_of_samples_are_replayed(loss, size):
    data = rows(7, 2), [t for (t,) in rows(7, 1, 1)]
    assert_alike(lambda: mlp(3, 1), data, loss=loss, batch_size=size, sample_weight=WEIGHTS)


def test_a_loss_is_the_mean_of_weight_times_loss():
    data = rows(7, 2), [[t] * 2 for (t,) in rows(7, 1, 1)]
    model = mlp(3, 2)
    losses = [mse_loss(model(x), t).data for x, t in zip(*data)]

    found = left(lambda: mlp(3, 2), data, False, sample_weight=WEIGHTS)[0][0]

    wanted = sum([w * x for w, x in zip(WEIGHTS, losses)]) / 7
    assert math.isclose(float.fromhex(found), wanted, rel_tol=1e-14)


def test_weights_of_1_change_no_bit():
    data = rows(5, 2), [0.0, 1.0, 0.5, 0.25, 2.0]
    ones = left(lambda: mlp(3, 1), data, True, sample_weight=[1] * 5)

    assert ones == left(lambda: mlp(3, 1), data, True)


def test_classes_are_weighted_sample_by_sample():
    data = rows(7, 2), [0, 1, 2, 2, 1, 0, 0]
    given = {"loss": cross_entropy, "sample_weight": WEIGHTS, "batch_size": 2}
    assert_alike(lambda: mlp(3, 3), data, **given)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "a weight for each sample is needed, got 1 for 2"),
        ([1.0, -1.0], "weight 1 is a finite number of at least 0, got -1.0"),
        ([1.0, math.nan], "weight 1 is a finite number of at least 0, got nan"),
    ],
)
def test_weights_are_checked(weights, message):
    with pytest.raises(ValueError, match=message):
        left(lambda: mlp(1), (rows(2, 2), [0.0, 1.0]), False, sample_weight=weights)


def test_weights_are_a_list():
    with pytest.raises(TypeError, match=r"sample_weight is a list, got float 0.5"):
        DataLoader([1.0], [2.0], sample_weight=0.5)


def test_a_loader_has_its_own_weights():
    loader = DataLoader([[1.0, 2.0]], [2.0], sample_weight=[0.5])
    assert list(loader) == [([[1.0, 2.0]], [2.0], [0.5])]
    with pytest.raises(ValueError, match="a DataLoader has its own sample_weight"):
        left(lambda: mlp(1), loader, False, sample_weight=[1.0])


# ---- what else replay leaves, and what it leaves alone ----


@pytest.mark.parametrize("max_norm", [None, 0.01])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_grads_of_the_last_step_are_left(max_norm, dropout):
    def make():
        rng = random.Random(0)
        return Sequential(Linear(2, 3, rng=rng), Dropout(dropout), Linear(3, 1, rng=rng))

    data = rows(7, 2), rows(7, 1, 1)
    for size in (None, 3):
        assert_alike(make, data, batch_size=size, max_norm=max_norm)


def test_a_callback_sees_the_grads_of_the_last_step():
    seen = []
    for replay in (False, True):
        model = mlp(3, 1)
        fit(
            model,
            (rows(6, 2), [0.0, 1.0] * 3),
            optimizer=SGD(model.parameters(), lr=0.1),
            epochs=3,
            batch_size=4,
            replay=replay,
            callbacks=lambda _: seen.append([p.grad for p in model.parameters()]),  # noqa: B023
            progress=False,
        )

    assert seen[:3] == seen[3:]


@pytest.mark.parametrize("size", [None, 3])
@pytest.mark.parametrize("optimizer", [SGD, Adam, LBFGS])
def test_parameters_that_no_step_moves_keep_their_numbers_and_add_up_gradients(optimizer, size):
    data, made = (rows(7, 2), rows(7, 1, 1)), []
    for replay in (False, True):
        model = Sequential(mlp(3, 2), Linear(2, 1, rng=random.Random(1)))
        history = fit(
            model,
            data,
            optimizer=optimizer(model[1].parameters(), lr=0.05),
            epochs=3,
            batch_size=size,
            replay=replay,
            progress=False,
        )
        numbers = [(p.data.hex(), p.grad.hex()) for p in model.parameters()]
        made.append(([x.hex() for x in history.losses], numbers))

    assert made[0] == made[1]


class Cooling(Module):
    """A model whose train() changes a number."""

    def __init__(self):
        self.inner, self.scale = mlp(3, 1), 1.0

    def train(self, mode=True):
        if mode:
            self.scale *= 0.9
        return super().train(mode)

    def __call__(self, x):
        return self.scale * self.inner(x)


@pytest.mark.parametrize("given", [{}, {"batch_size": 3}, {"callbacks": [lambda _: None]}])
@pytest.mark.parametrize("replay", [True, "auto"])
def test_a_model_that_its_train_changes_is_recorded_anew(replay, given):
    data = rows(6, 2), [0.0, 1.0] * 3
    assert left(Cooling, data, replay, **given) == left(Cooling, data, False, **given)


class Doubting(Cooling):
    def __call__(self, x):
        y = super().__call__(x)
        return y * float(y)


def test_such_a_model_is_refused_when_it_is_recorded_first():
    data = rows(6, 2), [0.0, 1.0] * 3
    with pytest.raises(NoPlanError, match="some samples only"):
        left(Doubting, data, True, batch_size=3)
    assert left(Doubting, data, "auto") == left(Doubting, data, False)


class Noise(Module):
    """A random source under a name of its own, and one of a loss."""

    def __init__(self):
        self.inner, self.source = mlp(1), random.Random(3)

    def __call__(self, x):
        return self.inner(x) + self.source.random()


def test_what_is_drawn_while_a_recording_fails_is_put_back():
    data = rows(6, 2), [0.0, 1.0] * 3
    assert left(Noise, data, "auto") == left(Noise, data, False)


def test_samples_that_choose_by_what_is_computed_are_refused():
    class Choosing(Module):
        def __init__(self):
            self.inner = mlp(1)

        def __call__(self, x):
            y = self.inner(x)
            return sigmoid(y) if y.data > 0 else y

    with pytest.raises(NoPlanError, match="part of some samples only"):
        left(Choosing, (rows(9, 2), [0.0] * 9), True)


def test_a_large_batch_that_is_not_alike_is_refused(monkeypatch):
    monkeypatch.setattr(plans, "LONGEST", 100)
    model, data = mlp(1), (rows(12, 2), [float(i) for i in range(12)])
    run = Run(model, data, SGD(model.parameters(), lr=0.1), ranking)

    assert type(stepper_of(run, "auto", fast=False)) is GraphStepper
    with pytest.raises(NoPlanError, match="the samples come together otherwise than in a sum"):
        stepper_of(run, True, fast=False)


def test_a_bad_target_in_a_later_batch_is_the_error_of_the_graph():
    data = rows(6, 2), [1.0, -1.0, 1.0, 1.0, 0.5, 1.0]
    errors = []
    for replay in (False, "auto"):
        with pytest.raises(ValueError, match=r"hinge_loss has targets -1 and 1, got 0.5") as caught:
            left(lambda: mlp(2, 1), data, replay, loss=hinge_loss, batch_size=2, shuffle=False)
        errors.append(str(caught.value))

    assert errors[0] == errors[1]
    with pytest.raises(NoPlanError, match=r"hinge_loss has targets -1 and 1, got 0.5"):
        left(lambda: mlp(2, 1), data, True, loss=hinge_loss, batch_size=2)


def test_shares_that_sum_to_something_else_in_a_later_batch_are_refused():
    data = rows(4, 2), [[0.5, 0.5], [0.0, 1.0], [0.5, 0.5], [0.5, 0.75]]

    with pytest.raises(ValueError, match=r"probabilities that sum to 1, got 1.25"):
        left(lambda: mlp(2), data, "auto", loss=cross_entropy, batch_size=2, shuffle=False)


# ---- what nn checks, in a plain loop ----


@pytest.mark.parametrize(
    ("loss", "good", "bad", "message"),
    [
        (hinge_loss, [[1, -1], [-1, 1], [1, 1], [-1, -1]], [1, 0.5], "targets -1 and 1, got 0.5"),
        (binary_cross_entropy_with_logits, [[0.0, 1.0], [0.5, 0.25]] * 2, [0.5, 1.5], "got 1.5"),
        (binary_cross_entropy_with_logits, [[0.5, 0.5], [0.2, 0.9]] * 2, [0.5, -0.5], "got -0.5"),
    ],
)
def test_jit_lets_nn_refuse_a_target_that_came_later(loss, good, bad, message):
    model = mlp(1)
    function = jit(lambda xs, ts: loss([model(x) for x in xs], ts))
    wanted = lambda xs, ts: loss([model(x) for x in xs], ts)  # noqa: E731
    for k, targets in enumerate([*good, *good]):
        inputs = rows(2, 2, seed=k)
        assert function(inputs, targets).data == wanted(inputs, targets).data

    assert function.replayed >= 3
    with pytest.raises(ValueError, match=message):
        function(rows(2, 2), bad)
    assert function(rows(2, 2), good[0]).data == wanted(rows(2, 2), good[0]).data
    assert function.reason == ""


@pytest.mark.parametrize("size", [None, 3])
def test_the_sum_of_python_is_done_for_all_samples_at_once(size, monkeypatch):
    monkeypatch.setattr(plans, "LONGEST", -1)  # nothing is done one by one
    data = rows(7, 2), [t for (t,) in rows(7, 1, 1)]

    def loss(outputs, targets):
        return sum((y - t) ** 2 for y, t in zip(outputs, targets)) / len(outputs)

    assert_alike(lambda: mlp(3, 1), data, loss=loss, batch_size=size)


class Given(Module):
    """Gives a number of the data, and learns next to nothing."""

    def __init__(self):
        self.w, self.b = Value(1.0), Value(0.0)

    def __call__(self, x):
        return self.w * x + self.b


LEAST = math.exp(-100)
PROBABILITIES = [0.5, 0.0, 1.0, 1e-50, 5e-324, 1 - 2**-53, LEAST, math.nextafter(LEAST, 1), -0.0]


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_probabilities_of_0_and_1_are_replayed(target):
    made = []
    for replay in (False, True):
        model = Given()
        plain = lambda ps, ts: binary_cross_entropy([model(p) for p in ps], ts)  # noqa: B023, E731
        function = jit(plain) if replay else plain
        found = []
        for ps in ([0.5, 0.25], [0.75, 0.1], PROBABILITIES[:2], *zip(PROBABILITIES, PROBABILITIES)):
            model.zero_grad()
            loss = function([*ps], [target, target])
            loss.backward()
            found.append((loss.data.hex(), model.w.grad.hex(), model.b.grad.hex()))
        made.append(found)

    assert made[0] == made[1]
    assert function.replayed == len(PROBABILITIES) + 1


@pytest.mark.parametrize("p", [1.25, -0.25])
def test_a_probability_that_is_none_is_the_error_of_the_graph(p):
    data, errors = ([0.5, p], [1.0, 0.0]), []
    given = {"loss": binary_cross_entropy, "batch_size": 1, "shuffle": False}
    for replay in (False, True):
        with pytest.raises(ArithmeticError, match=r"^step 2: binary_cross_entropy takes") as caught:
            left(Given, data, replay, optimizer=SGD, **given)
        errors.append(str(caught.value))

    assert errors[0] == errors[1]
