"""Replayed training has eager's bits with every optimiser, schedule, clipping, groups, Dropout."""

import random

import pytest

from engine import compiled
from nn import (
    MLP,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Dropout,
    ExponentialLR,
    LambdaLR,
    Linear,
    Module,
    OneCycleLR,
    RMSprop,
    Sequential,
    StepLR,
    Tanh,
    TrainingError,
    cross_entropy,
    data,
    fit,
    mse_loss,
)
from nn.schedules.schedule import Schedule
from nn.training import arrays

MOONS = data.moons(n=30)
FLOATS = (MOONS[0], [float(t) for t in MOONS[1]])


def mlp():
    return MLP(2, [5, 1], activation="tanh", rng=random.Random(0))


def classifier(p=0.3, rng=None):
    rng = rng or random.Random(5)
    first, last = (Linear(n, m, rng=random.Random(0)) for n, m in ((2, 6), (6, 2)))
    return Sequential(Dropout(0.1, rng=rng), first, Tanh(), Dropout(p, rng=rng), last)


class Training:
    """A model, what moves it and its schedule, made anew, and what a training leaves of them."""

    def __init__(self, make=mlp, optimizer=Adam, schedule=None, samples=FLOATS, **options):
        self.model = make()
        self.optimizer = optimizer(self.model.parameters())
        self.schedule = None if schedule is None else schedule(self.optimizer)
        loss = mse_loss if samples is FLOATS else cross_entropy
        self.options = {"loss": loss, "epochs": 6, "batch_size": 8, **options}
        self.samples, self.history = samples, None

    def run(self, replay, **options):
        options = {**self.options, **options}
        self.history = fit(
            self.model,
            self.samples,
            optimizer=self.optimizer,
            schedule=self.schedule,
            replay=replay,
            progress=False,
            **options,
        )
        return self

    def left(self):
        rngs = [module.rng for module in self.model.modules() if isinstance(module, Dropout)]
        history = self.history
        return (
            [p.data.hex() for p in self.model.parameters()],
            history and (history.losses, history.epochs, history.stopped),
            self.optimizer.state_dict(),
            self.schedule and self.schedule.state_dict(),
            [rng.getstate() for rng in (*rngs, random) if rng is not None],
        )


def left(replay, *made, **options):
    random.seed(11)
    return Training(*made, **options).run(replay).left()


OPTIMIZERS = {
    "SGD": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "Adagrad": lambda p: Adagrad(
        p, lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1
    ),
    "RMSprop": lambda p: RMSprop(p, lr=0.01, momentum=0.5, centered=True, weight_decay=0.01),
    "RMSprop without momentum": lambda p: RMSprop(p, lr=0.01),
    "Adam": lambda p: Adam(p, lr=0.05, amsgrad=True),
    "AdamW": lambda p: AdamW(p, lr=0.05),
}
SCHEDULES = {
    "no schedule": {},
    "epoch": {"schedule": lambda o: ExponentialLR(o, 0.9)},
    "step": {"schedule": lambda o: ExponentialLR(o, 0.99), "schedule_each": "step"},
}


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("max_norm", [None, 0.1])
@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_setting_has_the_bits_of_eager_training(
    optimizer, schedule, max_norm, batch_size, tmp_path
):
    options = {"optimizer": optimizer, **schedule, "max_norm": max_norm, "batch_size": batch_size}
    whole = left(False, **options)

    assert left(True, **options) == whole
    for replay in (True, False):
        path = tmp_path / f"{replay}.json"
        Training(**options).run(replay, epochs=3, checkpoint=path)
        resumed = Training(**options, checkpoint=path, resume=True).run(not replay).left()
        assert resumed[:-1] == whole[:-1]


CYCLES = {
    "SGD": (lambda p: SGD(p, momentum=0.9), {}),
    "nesterov": (lambda p: SGD(p, momentum=0.9, nesterov=True), {}),
    "SGD down to no momentum": (SGD, {"base_momentum": 0.0, "max_momentum": 0.5}),
    "RMSprop": (lambda p: RMSprop(p, momentum=0.9), {}),
    "Adam": (Adam, {}),
    "Adagrad": (Adagrad, {"cycle_momentum": False}),
}


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize(("optimizer", "settings"), CYCLES.values(), ids=CYCLES)
def test_one_cycle_moves_the_momentum_too(optimizer, settings, batch_size):
    options = {
        "optimizer": optimizer,
        "schedule": lambda o: OneCycleLR(o, max_lr=0.1, total_steps=99, **settings),
        "schedule_each": "step",
        "epochs": 20,
        "batch_size": batch_size,
    }

    assert left(True, **options) == left(False, **options)


def grouped(kind, **others):
    def make(parameters):
        parts = parameters[:3], parameters[3:9], parameters[9:]
        return kind([{"params": part, **g} for part, g in zip(parts, ({}, others, {"lr": 0.2}))])

    return make


GROUPS = {
    "SGD": grouped(SGD, momentum=0.9, nesterov=True),
    "Adagrad": grouped(Adagrad, lr_decay=0.1),
    "RMSprop": grouped(RMSprop, centered=True, momentum=0.5),
    "Adam": grouped(Adam, amsgrad=True),
    "AdamW": grouped(AdamW, weight_decay=0.0),
}


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("optimizer", GROUPS.values(), ids=GROUPS)
def test_groups_of_parameters_keep_their_settings(optimizer, batch_size):
    options = {
        "optimizer": optimizer,
        "schedule": lambda o: StepLR(o, 3),
        "schedule_each": "step",
        "batch_size": batch_size,
        "max_norm": 0.5,
    }

    assert left(True, **options) == left(False, **options)


def test_groups_may_have_come_one_after_the_other():
    def run(replay):
        training = Training(optimizer=lambda p: Adam(p[:7], lr=0.05)).run(False, epochs=2)
        rest = training.model.parameters()[7:]
        training.optimizer.add_param_group({"params": rest, "lr": 0.1})
        return training.run(replay).left()

    assert run(True) == run(False)


# ---- schedules that Python has more to do with ----


class Decaying(Schedule):
    """Moves the weight decay as well, every 4 steps."""

    def lr(self, base_lr, epoch):
        return base_lr

    def go(self, epoch):
        super().go(epoch)
        for group in self.optimizer.param_groups:
            group["weight_decay"] = 0.1 / (1 + epoch // 4)


@pytest.mark.parametrize("batch_size", [8, None])
def test_a_schedule_may_move_what_else_there_is(batch_size):
    options = {"schedule": Decaying, "schedule_each": "step", "batch_size": batch_size}

    assert left(True, **options) == left(False, **options)


@pytest.mark.parametrize("each", ["epoch", "step"])
@pytest.mark.parametrize("batch_size", [8, None])
def test_a_schedule_that_has_no_more_steps_is_the_same_error(each, batch_size):
    def run(replay):
        training = Training(
            optimizer=lambda p: SGD(p, lr=0.1, momentum=0.9),
            schedule=lambda o: OneCycleLR(o, max_lr=0.1, total_steps=10),
            schedule_each=each,
            batch_size=batch_size,
            epochs=30,
        )
        with pytest.raises(ValueError, match=r"^OneCycleLR was made for 10 steps, got 11$"):
            training.run(replay)
        return training.left()

    assert run(True) == run(False)


@pytest.mark.parametrize("each", ["epoch", "step"])
@pytest.mark.parametrize("batch_size", [8, None])
def test_a_loss_that_runs_away_leaves_schedule_and_optimiser_alike(each, batch_size):
    def run(replay):
        training = Training(
            optimizer=lambda p: SGD(p, lr=0.1, momentum=0.5),
            schedule=lambda o: ExponentialLR(o, 1.3),
            schedule_each=each,
            batch_size=batch_size,
            epochs=200,
        )
        with pytest.raises(TrainingError) as caught:
            training.run(replay)
        return str(caught.value), training.left()

    assert run(True) == run(False)


@pytest.mark.skipif(not compiled, reason="in Python steps are made one by one")
@pytest.mark.parametrize("batch_size", [8, None])
def test_an_interruption_keeps_record_weights_and_schedule_together(batch_size, monkeypatch):
    """At the worst moment: the machine has moved the weights, and nobody has heard of it."""
    calls, train = [], arrays.Arrays.train

    def interrupted(state, *arguments):
        losses = train(state, *arguments)
        calls.append(len(losses))
        if sum(calls) > 20 and calls[-1]:
            raise KeyboardInterrupt
        return losses

    def make():
        return Training(
            make=classifier,
            samples=MOONS,
            schedule=lambda o: OneCycleLR(o, max_lr=0.1, total_steps=9999),
            schedule_each="step",
            batch_size=batch_size,
            epochs=None,
        )

    monkeypatch.setattr(arrays.Arrays, "train", interrupted)
    stopped = make().run(True, steps=5000)
    monkeypatch.setattr(arrays.Arrays, "train", train)
    done = stopped.history.steps

    assert stopped.history.stopped == "interrupted"
    assert 0 < done < 5000
    model, (losses, *_), *rest = stopped.left()
    expected_model, (expected_losses, *_), *expected = make().run(False, steps=done).left()
    assert (model, losses, rest) == (expected_model, expected_losses, expected)


def test_a_callback_may_change_the_settings_on_the_way():
    def run(replay):
        training = Training(
            classifier, samples=MOONS, optimizer=lambda p: SGD(p, lr=0.1, momentum=0.9)
        )

        def change(history):
            training.optimizer.lr = 0.1 / len(history.epochs)
            training.optimizer.momentum = 0.5
            training.model[3].p = [0.0, 0.2, 0.5, 1.0, 0.3, 0.1][len(history.epochs) - 1]

        return training.run(replay, callbacks=change).left()

    assert run(True) == run(False)


# ---- Dropout ----


class Split(Module):
    """Two parts with Dropouts of their own, of which one has the module random."""

    def __init__(self):
        self.left = classifier(rng=random.Random(1))
        self.right = classifier(0.5, rng=random.Random(2))
        self.last = Dropout(0.2)

    def __call__(self, x):
        both = zip(self.left(x), self.right(x))
        return self.last([a + b for a, b in both])


MODELS = {"shared": classifier, "several sources": Split, "all": lambda: classifier(1.0)}


@pytest.mark.parametrize("batch_size", [1, 8, None])
@pytest.mark.parametrize("samples", [MOONS, FLOATS], ids=["classes", "numbers"])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_dropout_draws_the_numbers_that_it_draws_eagerly(make, samples, batch_size, tmp_path):
    if samples is FLOATS:
        inner, make = make, lambda: Sequential(inner(), Linear(2, 1, rng=random.Random(0)))
        options = {"loss": lambda y, t: mse_loss([x[0] for x in y], t)}
    else:
        options = {}
        if batch_size == 1:
            samples = (MOONS[0][::2], MOONS[1][::2])  # a batch of one has one class
    options |= {"make": make, "samples": samples, "batch_size": batch_size, "epochs": 8}
    whole = left(False, **options)

    assert left(True, **options) == whole
    for replay in (True, False):
        path = tmp_path / f"{replay}.json"
        random.seed(11)
        Training(**options).run(replay, epochs=3, checkpoint=path)
        random.seed(12)
        resumed = Training(**options, checkpoint=path, resume=True).run(not replay)
        assert resumed.left() == whole


def test_a_step_left_to_the_graph_draws_its_own_numbers_again():
    def run(replay):  # an underflow is left to the graph
        def make():
            return Sequential(Dropout(0.5, rng=random.Random(3)), Linear(1, 1, bias=False))

        random.seed(1)
        samples = ([[1.0], [1.0]], [0.0, 0.0])
        return left(
            replay,
            make=make,
            samples=samples,
            loss=lambda y, t: mse_loss([x[0] for x in y], t),
            optimizer=lambda p: SGD(p, lr=0.125),
            schedule=lambda o: LambdaLR(o, lambda k: 0.999**k),
            schedule_each="step",
            epochs=3000,
            batch_size=None,
        )

    replayed = run(True)

    assert replayed == run(False)
    assert 0.0 < abs(float.fromhex(replayed[0][0])) < 2.0**-500


class Restless(Module):
    """Another number of draws for each sample."""

    def __init__(self):
        self.inner, self.drop, self.calls = mlp(), Dropout(0.5, rng=random.Random(0)), 0

    def __call__(self, x):
        self.calls += 1
        y = self.inner(x)
        return self.drop(y)[0] if self.calls % 3 else y


class Noisy(Module):
    """Random numbers that are no Dropout's."""

    def __init__(self):
        self.inner, self.rng = mlp(), random.Random(0)

    def __call__(self, x):
        return self.inner(x) * self.rng.gauss(1, 0.1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Restless, "the samples do not draw the same random numbers"),
        (Noisy, "not .* the same operations|some samples only|not the bits"),
    ],
)
def test_other_random_numbers_are_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        Training(make).run(True)


def test_a_recording_that_fails_has_drawn_nothing():
    assert left("auto", make=Noisy) == left(False, make=Noisy)
