"""Replayed training: the bits, the record and the errors of eager training; and its limits."""

import math
import random
from functools import partial

import pytest

from engine import Value
from engine.programs.plan import NoPlanError
from nn import (
    LBFGS,
    MLP,
    SGD,
    Adam,
    AdamW,
    CosineAnnealingLR,
    EarlyStopping,
    Linear,
    Module,
    Normalization,
    ReduceLROnPlateau,
    Sequential,
    StepLR,
    Tanh,
    TrainingError,
    binary_cross_entropy_with_logits,
    cross_entropy,
    data,
    fit,
    hinge_loss,
    huber_loss,
    l1_penalty,
    l2_penalty,
    mse_loss,
    weights_of,
)
from nn.training import plans

MOONS = data.moons(n=50)
SIGNS = (MOONS[0], [2 * t - 1 for t in MOONS[1]])
FLOATS = (MOONS[0], [float(t) for t in MOONS[1]])


def mlp(*sizes, activation="tanh"):
    return MLP(2, sizes, activation=activation, rng=random.Random(0))


def bits(model):
    return [p.data.hex() for p in model.parameters()]


def weighted(strength, penalty, weights):
    return strength * penalty(weights)


def weighted_loss(weight, y, t):
    return weight * mse_loss(y, t)


def outcome(replay, make, samples, loss, optimizer, schedule=None, penalty=None, **options):
    """What a training leaves: weights, record and the optimiser's state."""
    model = make()
    moved_by = optimizer(model.parameters())
    options = {"epochs": 6, "batch_size": 8, **options}
    if schedule is not None:
        options["schedule"] = schedule(moved_by)
    if penalty is not None:
        options["penalty"] = penalty(model)
    history = fit(
        model, samples, optimizer=moved_by, loss=loss, replay=replay, progress=False, **options
    )
    return bits(model), history.losses, history.epochs, history.stopped, moved_by.state_dict()


CASES = {
    "XOR": (lambda: mlp(4, 1), data.xor(), mse_loss, lambda p: SGD(p, lr=0.2)),
    "momentum": (
        lambda: mlp(5, 5, 1, activation="relu"),
        SIGNS,
        hinge_loss,
        lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    ),
    "nesterov": (
        lambda: mlp(5, 1),
        FLOATS,
        mse_loss,
        lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "dampening": (
        lambda: mlp(5, 1),
        FLOATS,
        huber_loss,
        lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
    ),
    "Adam": (lambda: mlp(7, 2), MOONS, cross_entropy, lambda p: Adam(p, lr=0.05)),
    "amsgrad": (
        lambda: mlp(7, 2),
        MOONS,
        cross_entropy,
        lambda p: Adam(p, lr=0.05, amsgrad=True, weight_decay=0.01),
    ),
    "AdamW": (
        lambda: mlp(7, 3, 2),
        MOONS,
        cross_entropy,
        lambda p: AdamW(p, lr=0.05, weight_decay=0.1),
    ),
    "logits": (
        lambda: mlp(4, 1, activation="sigmoid"),
        FLOATS,
        binary_cross_entropy_with_logits,
        lambda p: Adam(p, lr=0.05),
    ),
    "three classes": (
        lambda: mlp(4, 3, activation="gelu"),
        data.blobs(n=40),
        cross_entropy,
        lambda p: Adam(p, lr=0.05),
    ),
    "smoothed": (
        lambda: mlp(4, 3, activation="silu"),
        data.blobs(n=40),
        lambda x, t: cross_entropy(x, t, label_smoothing=0.1),
        lambda p: Adam(p, lr=0.05),
    ),
    "layers": (
        lambda: Sequential(
            Normalization([0.5, 0.25], [2.0, 0.5]),
            Linear(2, 4, rng=random.Random(0)),
            Tanh(),
            Linear(4, 2, bias=False, rng=random.Random(1)),
        ),
        MOONS,
        cross_entropy,
        lambda p: Adam(p, lr=0.05),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_replayed_training_has_the_bits_of_an_eager_one(case):
    assert outcome(True, *case) == outcome(False, *case)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 8, 50, None])
def test_every_size_of_batch_has_them(batch_size):
    case = CASES["momentum"]

    assert outcome(True, *case, batch_size=batch_size) == (
        outcome(False, *case, batch_size=batch_size)
    )


@pytest.mark.parametrize(
    "options",
    [
        {"penalty": lambda m: partial(weighted, 1e-2, l2_penalty, weights_of(m))},
        {"penalty": lambda m: partial(weighted, 1e-3, l1_penalty, weights_of(m))},
        {"schedule": lambda o: CosineAnnealingLR(o, T_max=6)},
        {"schedule": lambda o: StepLR(o, 2)},
        {"schedule": lambda o: ReduceLROnPlateau(o, patience=0, threshold=0.5)},
        {"validation": (MOONS[0][:9], MOONS[1][:9])},
        {"epochs": None, "steps": 17},
        {"shuffle": False},
    ],
)
def test_what_stands_around_the_steps_is_the_same(options):
    case = CASES["Adam"]

    assert outcome(True, *case, **options) == outcome(False, *case, **options)


def test_early_stopping_stops_at_the_same_epoch():
    def run(replay):
        stopping = EarlyStopping(patience=2, min_delta=0.05)
        case = CASES["AdamW"]
        validation = (MOONS[0][:20], MOONS[1][:20])
        return outcome(replay, *case, epochs=50, validation=validation, early_stopping=stopping)

    assert run(True) == run(False)
    assert run(True)[3] == "early stopping"


def test_a_checkpoint_is_the_same_and_can_be_resumed_either_way(tmp_path):
    def run(replay, epochs, **options):
        return outcome(replay, *CASES["Adam"], epochs=epochs, **options)

    whole = run(False, 6)
    for first, then in ((True, False), (False, True)):
        path = tmp_path / f"{first}.json"
        run(first, 3, checkpoint=path)

        assert run(then, 6, checkpoint=path, resume=True) == whole


def test_a_loss_that_runs_away_is_the_same_error_with_the_same_weights():
    def run(replay):
        model = mlp(4, 1, activation="relu")
        optimizer = SGD(model.parameters(), lr=1e3)
        with pytest.raises(TrainingError) as caught:
            fit(
                model,
                FLOATS,
                optimizer=optimizer,
                epochs=99,
                batch_size=8,
                replay=replay,
                progress=False,
            )
        return str(caught.value), bits(model)

    assert run(True) == run(False)
    assert run(True)[0].startswith("step ")


# ---- where there is none ----


class Branching(Module):
    """Another way for other numbers: what no program can know."""

    def __init__(self):
        self.inner = mlp(3, 1)

    def __call__(self, x):
        y = self.inner(x)
        return y * 2.0 if x[0] > 0.5 else y


class Frozen(Module):
    """A number that is taken out of the graph."""

    def __init__(self):
        self.inner = mlp(3, 1)

    def __call__(self, x):
        y = self.inner(x)
        return y * float(y)


class Halved(Adam):
    """An optimiser of one's own."""

    def update(self, group, state):
        super().update({**group, "lr": group["lr"] / 2}, state)


@pytest.mark.parametrize("optimizer", [Halved, LBFGS])
def test_an_optimiser_that_the_machine_does_not_know_asks_it_for_gradients(optimizer):
    found = outcome(True, lambda: mlp(3, 2), MOONS, cross_entropy, optimizer)

    assert found == outcome(False, lambda: mlp(3, 2), MOONS, cross_entropy, optimizer)


NONE = [
    (Branching, FLOATS, mse_loss, Adam, "out of the graph, as an `if` does"),
    (Frozen, FLOATS, mse_loss, Adam, "same operations in the same|some samples only|has not the"),
]


@pytest.mark.parametrize(("make", "samples", "loss", "optimizer", "reason"), NONE)
def test_what_cannot_be_replayed_is_refused_with_the_reason(make, samples, loss, optimizer, reason):
    with pytest.raises(NoPlanError, match=reason):
        outcome(True, make, samples, loss, optimizer)


@pytest.mark.parametrize(("make", "samples", "loss", "optimizer", "_reason"), NONE)
def test_auto_trains_eagerly_then(make, samples, loss, optimizer, _reason):
    assert outcome("auto", make, samples, loss, optimizer) == (
        outcome(False, make, samples, loss, optimizer)
    )


def test_a_second_model_of_the_same_structure_is_not_lowered_again(monkeypatch):
    first = outcome(True, *CASES["three classes"])
    monkeypatch.setattr(plans, "lowered", None)
    monkeypatch.setattr(plans, "JoinedKinds", None)

    assert outcome(True, *CASES["three classes"]) == first
    with pytest.raises(TypeError):  # another activation
        outcome(True, lambda: mlp(4, 3, activation="tanh"), *CASES["three classes"][1:])


def test_constants_of_other_bits_make_another_plan():
    def run(replay, zero):
        loss = partial(weighted_loss, zero)
        return outcome(replay, lambda: mlp(1), FLOATS, loss, lambda p: SGD(p, lr=0.1), epochs=1)

    assert run(True, 0.0)[1][0] == 0.0
    assert math.copysign(1.0, run(True, -0.0)[1][0]) == -1.0


def test_few_plans_are_kept():
    for n in range(1, 2 * plans.MOST):
        outcome(True, lambda n=n: mlp(n, 1), FLOATS, *CASES["dampening"][2:], epochs=1)

    assert len(plans.PLANS) == plans.MOST


def test_replay_is_true_false_or_auto():
    with pytest.raises(ValueError, match=r"^replay is True, False or 'auto', got 'yes'$"):
        outcome("yes", *CASES["Adam"])


def test_a_parameter_that_is_replaced_on_the_way_is_named():
    model = mlp(3, 2)

    def replace(_history):
        model.layers[0].neurons[0].bias = Value(0.0)

    with pytest.raises(
        ValueError, match=r"^parameter 2 of the recorded graph, Value\(.*, is the model's no"
    ):
        fit(
            model,
            MOONS,
            optimizer=Adam(model.parameters()),
            loss=cross_entropy,
            epochs=2,
            callbacks=replace,
            replay=True,
            progress=False,
        )


def test_classes_may_be_whole_numbers_of_numpy():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    case = CASES["Adam"]
    samples = (np.array(MOONS[0]), np.array(MOONS[1]))

    assert outcome(True, case[0], samples, *case[2:]) == outcome(False, *case)


class Scaled(Module):
    def __init__(self):
        self.w = Value(1.0)

    def __call__(self, x):
        return self.w * x[0]


ONE = ([[1.0], [1.0]], [0.0, 0.0])


@pytest.mark.parametrize("batch_size", [None, 1])
def test_steps_that_the_machine_leaves_to_the_graph_are_done_there(batch_size):
    def run(replay):  # w is halved by every step, until its square is too small for the machine
        return outcome(
            replay,
            Scaled,
            ONE,
            mse_loss,
            lambda p: SGD(p, lr=0.25),
            lambda o: StepLR(o, 100, gamma=0.999),
            epochs=600,
            batch_size=batch_size,
        )

    assert run(True) == run(False)
    assert 0.0 < abs(float.fromhex(run(True)[0][0])) < 2.0**-500


def test_a_whole_batch_that_runs_away_is_the_same_error_with_the_same_weights_and_rate():
    def run(replay):
        model = Scaled()
        optimizer = SGD(model.parameters(), lr=1.5)
        schedule = StepLR(optimizer, 50, gamma=0.99)
        with pytest.raises(TrainingError) as caught:
            fit(
                model,
                ONE,
                optimizer=optimizer,
                schedule=schedule,
                epochs=5000,
                replay=replay,
                progress=False,
            )
        return str(caught.value), bits(model), optimizer.lr, schedule.state_dict()

    assert run(True) == run(False)
