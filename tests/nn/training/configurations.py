"""Random configurations of a training: a model, a loss, data, an optimiser and what is around them.

    python -m tests.nn.training.configurations 200 --seed 0

prints which of 200 configurations the machine refuses, with the reason, and which of them it
replays to other bits than eager training has: there should be none.
"""

import random
import sys
from argparse import ArgumentParser
from collections import Counter
from functools import partial

import numpy as np

from engine import Value, dot, exp, logsumexp, maximum, relu, sigmoid, softplus, sqrt, tanh
from engine.programs.plan import NoPlanError
from nn import (
    LBFGS,
    MLP,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Dropout,
    EarlyStopping,
    Embedding,
    LayerNorm,
    Linear,
    LogSoftmax,
    Module,
    RMSprop,
    Sequential,
    Sigmoid,
    Tanh,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    clip_grad_norm_,
    cross_entropy,
    fit,
    hinge_loss,
    huber_loss,
    jit,
    kl_div,
    l1_loss,
    l1_penalty,
    l2_penalty,
    mse_loss,
    nll_loss,
    schedules,
    weights_of,
)

ACTIVATIONS = [
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "sigmoid",
    "tanh",
    "sin",
    "linear",
]


# ---- models of one's own ----


class Cell(Module):
    """A recurrent cell whose recurrent weights, and whose state, start at zero."""

    def __init__(self, features, hidden, outputs, rng, gated=False, each=False):
        self.w = [[Value(rng.gauss(0, 0.5)) for _ in range(features)] for _ in range(hidden)]
        self.u = [[Value(0.0) for _ in range(hidden)] for _ in range(hidden)]
        self.b = [Value(0.0) for _ in range(hidden)]
        self.gate = [Value(rng.gauss(0, 0.5)) for _ in range(hidden)] if gated else None
        self.readout = Linear(hidden, outputs, rng=rng)
        self.each = each

    def __call__(self, sequence):
        state = [0.0] * len(self.b)
        for x in sequence:
            x = x if isinstance(x, list) else [x]
            new = [tanh(dot(w, x) + dot(u, state) + b) for w, u, b in zip(self.w, self.u, self.b)]
            if self.gate is not None:
                keep = [sigmoid(g * h) for g, h in zip(self.gate, new)]
                new = [k * s + (1 - k) * h for k, s, h in zip(keep, state, new)]
            state = new
        return self.readout(state)


class Two(Module):
    """A model of several inputs: a list of numbers, and a number by itself."""

    def __init__(self, features, outputs, rng):
        self.inner = MLP(features, [3, outputs], activation="tanh", rng=rng)
        self.scale = Value(rng.gauss(1, 0.1))

    def __call__(self, x):
        numbers, one = x
        y = self.inner(numbers)
        return [v + self.scale * one for v in (y if isinstance(y, list) else [y])]


class Tokens(Module):
    """A table of rows for whole numbers, which are added up."""

    def __init__(self, features, outputs, rng):
        self.table = Embedding(4, 2, rng=rng)
        self.inner = MLP(2 * features, [3, outputs], activation="relu", rng=rng)

    def __call__(self, x):
        y = self.inner(self.table(x))
        return y if isinstance(y, list) else [y]


class Normed(Module):
    """Weights that are divided by their length: a number that is computed from parameters alone."""

    def __init__(self, features, outputs, rng):
        self.w = [[Value(rng.gauss(0, 1)) for _ in range(features)] for _ in range(outputs)]
        self.g = [Value(1.0) for _ in range(outputs)]

    def __call__(self, x):
        made = []
        for w, g in zip(self.w, self.g):
            made.append(g * dot(w, x) / sqrt(dot(w, w) + 1e-8))
        return made


class Tied(Module):
    """The same weights there and back."""

    def __init__(self, features, outputs, rng):
        self.w = [[Value(rng.gauss(0, 0.5)) for _ in range(features)] for _ in range(3)]
        self.out = Linear(features, outputs, rng=rng)

    def __call__(self, x):
        hidden = [tanh(dot(w, x)) for w in self.w]
        back = [dot([w[j] for w in self.w], hidden) for j in range(len(x))]
        return self.out(back)


# ---- losses of one's own ----


def rows(outputs):
    return [y if isinstance(y, list) else [y] for y in outputs]


def contrastive(outputs, targets):
    """A loss over pairs of samples."""
    ys, total = rows(outputs), 0.0
    for i in range(len(ys)):
        for j in range(i):
            d = dot([a - b for a, b in zip(ys[i], ys[j])], [a - b for a, b in zip(ys[i], ys[j])])
            near = (targets[i] - targets[j]) * (targets[i] - targets[j])
            total = total + (1 - near) * d + near * relu(1 - d)
    return total + 1e-3 * ys[0][0] * ys[0][0]


def ranking(outputs, targets):
    ys = [y[0] for y in rows(outputs)]
    pairs = [(i, j) for i in range(len(ys)) for j in range(i)]
    losses = [softplus((targets[j] - targets[i]) * (ys[i] - ys[j])) for i, j in pairs]
    return sum(losses, ys[0] * 1e-3) / (len(losses) or 1)


def mean_of_means(outputs, targets):
    losses = []
    for y, t in zip(rows(outputs), targets):
        t = t if isinstance(t, list) else [t]
        parts = [(a - b) * (a - b) for a, b in zip(y, t)]
        losses.append(sum(parts) / len(parts))
    return sum(losses) / len(losses)


def by_halves(outputs, targets):
    """A sum that is a tree."""

    def total(xs):
        n = len(xs) // 2
        return total(xs[:n]) + total(xs[n:]) if n else xs[0]

    pairs = zip(rows(outputs), targets)
    return total([(y[0] - (t[0] if isinstance(t, list) else t)) ** 2 for y, t in pairs])


def standardized(outputs, targets):
    """Numbers of all samples in each of them, as in a batch normalisation."""
    ys = [y[0] for y in rows(outputs)]
    mean = sum(ys) / len(ys)
    scale = sqrt(sum([(y - mean) ** 2 for y in ys]) / len(ys) + 1e-3)
    goals = [t[0] if isinstance(t, list) else t for t in targets]
    return mse_loss([(y - mean) / scale for y in ys], goals)


def weighted(loss, outputs, targets):
    """The losses of each sample, weighted by their place."""
    losses = loss(outputs, targets, reduction="none")
    flat = [x for y in losses for x in (y if isinstance(y, list) else [y])]
    return sum([(i % 3 + 0.5) * x for i, x in enumerate(flat)]) / len(flat)


def positive_weight(outputs, targets):
    """Binary cross-entropy in which a yes counts thrice."""
    losses = []
    for y, t in zip(rows(outputs), targets):
        for x, goal in zip(y, t if isinstance(t, list) else [t]):
            losses.append((1 - goal) * x + (1 + 2 * goal) * softplus(-x))
    return sum(losses) / len(losses)


def focal(outputs, targets):
    losses = []
    for y, t in zip(outputs, targets):
        whole = logsumexp(*y)
        p = exp(y[t] - whole)
        losses.append(-((1 - p) ** 2) * (y[t] - whole))
    return sum(losses) / len(losses)


def margin(outputs, targets):
    losses = [maximum(0.0, 1.0 - t * y[0]) for y, t in zip(rows(outputs), targets)]
    return sum(losses) / len(losses)


# ---- a configuration ----


class Configuration:
    """A training by its seed: `run` does it, eagerly or replayed, in `fit` or in a plain loop."""

    def __init__(self, seed):
        self.seed, rng = seed, random.Random(seed)
        self.draw(rng)

    def draw(self, rng):
        pick = rng.choice
        self.features = rng.randint(1, 4)
        self.kind = pick(
            ["mlp"] * 4 + ["sequential"] * 4 + ["cell", "cell", "gated", "two", "normed", "tied"]
        )
        self.time = rng.randint(1, 4) if self.kind in ("cell", "gated") else 0
        self.bare = self.time and rng.random() < 0.3  # [time] instead of [time][features]
        if self.bare:
            self.features = 1
        self.goal = pick(["number", "numbers", "probabilities", "sign", "class", "distribution"])
        self.outputs = 1 if self.goal in ("number", "sign") else rng.randint(2, 4)
        self.hidden = [rng.randint(1, 4) for _ in range(rng.randint(0, 2))]
        self.activation = pick(ACTIVATIONS)
        self.layers = [pick(["norm", "drop", "tanh", "none"]) for _ in self.hidden]
        self.loss, self.end = self.pick_loss(rng)
        self.count = rng.choice([rng.randint(1, 12), rng.randint(1, 12), rng.randint(13, 40)])
        self.batch_size = pick([None, 1, 2, 3, 5, 16, self.count])
        self.shuffle = rng.random() < 0.7
        self.penalty = pick([None, None, None, "l1", "l2", "weights", "mixed"])
        self.max_norm = pick([None, None, 0.5, 3.0])
        self.optimizer = pick(["sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw", "lbfgs"])
        self.schedule = pick([None, None, "step", "exponential", "cosine", "cycle", "plateau"])
        self.each = pick(["epoch", "step"])
        self.epochs = rng.randint(2, 4)
        known = getattr(self.loss, "func", self.loss).__module__.startswith("nn.")
        self.weighted = known and rng.random() < 0.15
        self.watched = rng.choice(
            [None, None, None, "validation", "metric", "callback", "stopping"]
        )
        self.frozen = rng.choice([0] * 9 + [1])  # parameters that no step moves
        self.arrays = self.kind in ("mlp", "sequential") and rng.random() < 0.1
        self.loop = rng.random() < 0.3

    @property
    def most_batches(self):
        """How many batches may be met before one is replayed: two sizes, each seen twice."""
        size = min(self.batch_size or self.count, self.count)
        return -(-self.count // size)

    def pick_loss(self, rng):
        """The loss, and what the last layer of the model has to be."""
        reduction = rng.choice(["mean", "mean", "sum"])
        given = {"reduction": reduction}
        if self.goal in ("number", "numbers"):
            own = [by_halves, standardized, mean_of_means]
            own += [ranking, contrastive] if self.goal == "number" else []
            known = [mse_loss, l1_loss, partial(huber_loss, delta=rng.choice([0.1, 1.0]))]
            loss = rng.choice([*known, *known, *own])
            if loss in own:
                return loss, None
            if rng.random() < 0.2:
                return partial(weighted, loss), None
            return partial(loss, **given), None
        if self.goal == "probabilities":
            if rng.random() < 0.4:
                return partial(binary_cross_entropy, **given), "sigmoid"
            if rng.random() < 0.3:
                return positive_weight, None
            return partial(binary_cross_entropy_with_logits, **given), None
        if self.goal == "sign":
            return rng.choice([partial(hinge_loss, **given), margin]), None
        if self.goal == "class":
            if rng.random() < 0.3:
                return partial(nll_loss, **given), "log_softmax"
            if rng.random() < 0.1:
                return focal, None
            given["label_smoothing"] = rng.choice([0.0, 0.0, 0.1])
            return partial(cross_entropy, **given), None
        if rng.random() < 0.5:
            given["label_smoothing"] = rng.choice([0.0, 0.0, 0.1])
            return partial(cross_entropy, **given), None
        log_target = rng.random() < 0.3
        given["reduction"] = rng.choice(["mean", "sum", "batchmean"])
        return partial(kl_div, log_target=log_target, **given), "log_softmax"

    def __str__(self):
        loss = self.loss
        name = getattr(loss, "func", loss).__name__
        given = getattr(loss, "keywords", {})
        size = self.batch_size or self.count
        return (
            f"{self.seed}: {self.kind} {self.features}-{self.hidden}-{self.outputs} "
            f"{self.activation} {self.layers} time {self.time}, {name} {given} of {self.goal}, "
            f"{self.count} in batches of {size}, {self.optimizer}, penalty {self.penalty}, "
            f"norm {self.max_norm}, schedule {self.schedule} each {self.each}"
            f"{', plain loop' if self.loop else f', {self.watched}'}"
            f"{', weighted' if self.weighted else ''}{', arrays' if self.arrays else ''}"
            f"{', a frozen parameter' if self.frozen else ''}"
        )

    # ---- what it is made of ----

    def model(self):
        rng = random.Random(self.seed + 1)
        ends = {"sigmoid": [Sigmoid()], "log_softmax": [LogSoftmax()], None: []}[self.end]
        if self.kind == "mlp":
            sizes = [*self.hidden, self.outputs]
            model = MLP(self.features, sizes, activation=self.activation, rng=rng)
        elif self.kind in ("cell", "gated"):
            gated = self.kind == "gated"
            model = Cell(self.features, 3, self.outputs, rng, gated)
        elif self.kind == "two":
            model = Two(self.features, self.outputs, rng)
        elif self.kind == "tokens":
            model = Tokens(self.features, self.outputs, rng)
        elif self.kind == "normed":
            model = Normed(self.features, self.outputs, rng)
        elif self.kind == "tied":
            model = Tied(self.features, self.outputs, rng)
        else:
            model = self.sequential(rng)
        return Sequential(model, *ends) if ends else model

    def sequential(self, rng):
        layers, width = [], self.features
        for size, extra in zip(self.hidden, self.layers):
            layers.append(Linear(width, size, rng=rng))
            if extra == "norm":
                layers.append(LayerNorm(size))
            if extra == "drop":
                layers.append(Dropout(0.3, rng=random.Random(self.seed)))
            layers.append(Tanh())
            width = size
        return Sequential(*layers, Linear(width, self.outputs, rng=rng))

    def data(self):
        rng = random.Random(self.seed + 2)
        inputs = [self.input(rng) for _ in range(self.count)]
        targets = [self.target(rng) for _ in range(self.count)]
        return (np.array(inputs) if self.arrays else inputs), targets

    def input(self, rng):
        numbers = [rng.gauss(0, 1) for _ in range(self.features)]
        if self.bare:
            return [rng.gauss(0, 1) for _ in range(self.time)]
        if self.time:
            return [[rng.gauss(0, 1) for _ in range(self.features)] for _ in range(self.time)]
        if self.kind == "tokens":
            return [rng.randrange(4) for _ in range(self.features)]
        if self.kind == "two":
            return (numbers, rng.gauss(0, 1))
        return numbers

    def target(self, rng):
        n = self.outputs
        if self.goal == "number":
            return [rng.gauss(0, 1)] if self.wants_lists else rng.gauss(0, 1)
        if self.goal == "numbers":
            return [rng.gauss(0, 1) for _ in range(n)]
        if self.goal == "probabilities":
            soft = rng.random() < 0.3
            return [rng.random() if soft else float(rng.randint(0, 1)) for _ in range(n)]
        if self.goal == "sign":
            sign = rng.choice([-1, 1])
            return [sign] if self.wants_lists else sign
        if self.goal == "class":
            return rng.randrange(n)
        shares = [rng.random() for _ in range(n)]
        if rng.random() < 0.3:
            shares[rng.randrange(n)] = 0.0
        shares = [x / sum(shares) for x in shares]
        if self.end == "log_softmax" and self.loss.keywords["log_target"]:
            return [rng.gauss(-1, 1) for _ in range(n)]
        return shares

    @property
    def wants_lists(self):
        """Whether an output is a list of one, and so is its target."""
        own = self.loss in (by_halves, standardized, ranking, contrastive, margin)
        return self.kind != "mlp" and not own

    def optimizer_of(self, model):
        ps, lr = model.parameters()[self.frozen :], 0.05
        return {
            "sgd": lambda: SGD(ps, lr=lr),
            "momentum": lambda: SGD(ps, lr=lr, momentum=0.9, nesterov=bool(self.seed % 2)),
            "adagrad": lambda: Adagrad(ps, lr=lr, lr_decay=0.1),
            "rmsprop": lambda: RMSprop(ps, lr=lr, centered=bool(self.seed % 2), momentum=0.5),
            "adam": lambda: Adam(ps, lr=lr, amsgrad=bool(self.seed % 2)),
            "adamw": lambda: AdamW(ps, lr=lr, weight_decay=0.1),
            "lbfgs": lambda: LBFGS(
                ps, lr=0.5, max_iter=4, line_search_fn="strong_wolfe" if self.seed % 2 else None
            ),
        }[self.optimizer]()

    def schedule_of(self, optimizer):
        total = 100
        return {
            None: lambda: None,
            "step": lambda: schedules.StepLR(optimizer, 2, 0.5),
            "exponential": lambda: schedules.ExponentialLR(optimizer, 0.9),
            "cosine": lambda: schedules.CosineAnnealingLR(optimizer, 7),
            "cycle": lambda: (
                schedules.OneCycleLR(optimizer, 0.1, total_steps=total)
                if self.optimizer != "lbfgs" and self.optimizer not in ("adagrad", "sgd")
                else None
            ),
            "plateau": lambda: schedules.ReduceLROnPlateau(optimizer, patience=0),
        }[self.schedule]()

    def penalty_of(self, model):
        weights = weights_of(model)
        return {
            None: None,
            "l1": lambda: 1e-2 * l1_penalty(model.parameters()),
            "l2": lambda: 1e-2 * l2_penalty(model.parameters()),
            "weights": lambda: 1e-2 * l2_penalty(weights),
            "mixed": lambda: 1e-2 * l2_penalty(weights[:1]) + 1e-3 * l1_penalty(weights),
        }[self.penalty]

    # ---- what it does ----

    def run(self, replay):
        """All that is left of the training: losses, weights, grads, settings, random state."""
        random.seed(self.seed)
        model = self.model()
        optimizer = self.optimizer_of(model)
        inputs, targets = self.data()
        record = []
        try:
            if self.loop:
                self.train_in_a_loop(model, optimizer, inputs, targets, replay, record)
            else:
                self.fit(model, optimizer, inputs, targets, replay, record)
        except NoPlanError:
            raise
        except (ArithmeticError, ValueError) as error:
            record.append(f"{type(error).__name__}: {error}")
        sources = [m.rng.getstate() for m in model.modules() if isinstance(m, Dropout)]
        return {
            "record": record,
            "parameters": [p.data.hex() for p in model.parameters()],
            "grads": [p.grad.hex() for p in model.parameters()],
            "optimizer": repr(optimizer.state_dict()),
            "random": (sources, random.getstate()),
        }

    def fit(self, model, optimizer, inputs, targets, replay, record):
        each = "epoch" if self.schedule == "plateau" else self.each
        weights = [0.5 * (i % 4) for i in range(self.count)] if self.weighted else None
        seen = {
            None: {},
            "validation": {"validation": (inputs, targets)},
            "metric": {"metrics": {"first": lambda _, ys: float(np.ravel(ys[0])[0])}},
            "callback": {"callbacks": lambda history: record.append(self.seen(model, history))},
            "stopping": {"early_stopping": EarlyStopping(monitor="loss", patience=1)},
        }[self.watched]
        history = fit(
            model,
            (inputs, targets),
            optimizer=optimizer,
            loss=self.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            seed=self.seed,
            penalty=self.penalty_of(model),
            max_norm=self.max_norm,
            schedule=self.schedule_of(optimizer),
            schedule_each=each,
            sample_weight=weights,
            **seen,
            replay=replay,
            progress=False,
        )
        record.append([x.hex() for x in history.losses])
        record.append(repr(history.epochs))

    def seen(self, model, history):
        return history.steps, [(p.data.hex(), p.grad.hex()) for p in model.parameters()]

    def train_in_a_loop(self, model, optimizer, inputs, targets, replay, record):
        penalty = self.penalty_of(model)

        def loss_of(inputs, targets):
            loss = self.loss([model(x) for x in inputs], targets)
            return loss if penalty is None else loss + penalty()

        function = jit(loss_of) if replay else loss_of
        schedule = self.schedule_of(optimizer) if self.schedule != "plateau" else None
        n, size = len(inputs), self.batch_size or len(inputs)
        for _ in range(2 * self.epochs):
            for start in range(0, n, size):
                batch = inputs[start : start + size], targets[start : start + size]

                def closure(batch=batch):
                    loss = function(*batch)
                    optimizer.zero_grad()
                    loss.backward()
                    if self.max_norm is not None:
                        clip_grad_norm_(model.parameters(), self.max_norm)
                    return loss

                record.append(float(optimizer.step(closure)).hex())
                if schedule is not None:
                    schedule.step()
        tried = replay and function.calls > 2 * self.most_batches
        if tried and function.reason and not function.replayed:
            raise NoPlanError(function.reason)


def differences(seed):
    """What differs between the replayed training and the eager one. Raises NoPlanError."""
    configuration = Configuration(seed)
    wanted, found = configuration.run(False), configuration.run(True)
    return [name for name in wanted if wanted[name] != found[name]]


def main(arguments):
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the first configuration")
    given = parser.parse_args(arguments)
    reasons, other = Counter(), 0
    for seed in range(given.seed, given.seed + given.count):
        try:
            found = differences(seed)
        except NoPlanError as error:
            reasons[str(error)] += 1
            print(f"refused: {error}\n    {Configuration(seed)}")
        else:
            if found:
                other += 1
                print(f"DIFFERENT {found}\n    {Configuration(seed)}")
    refused = sum(reasons.values())
    print(f"{given.count} configurations: {refused} refused, {other} with other bits")
    for reason, count in reasons.most_common():
        print(f"{count:6} {reason}")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
