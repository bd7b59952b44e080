"""`python -m benchmarks.overfitting`: what helps a network that learns its data by heart.

40 moons, of which 4 have the wrong label, and a network with 1,218 parameters. Each cure has a
strength, chosen on data of its own: training sets with other seeds, and validation sets that have
no part in the table. The table is of the seeds 0 to 9, each with its own training set, starting
weights and 500 held-out samples, whose labels are all right.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from benchmarks.report import table
from engine import no_grad
from nn import (
    Adam,
    AdamW,
    Dropout,
    EarlyStopping,
    Linear,
    Sequential,
    Tanh,
    cross_entropy,
    data,
    fit,
    l1_penalty,
    l2_penalty,
    metrics,
    train_test_split,
    weights_of,
)

SAMPLES, WRONG, NOISE, HELD_OUT = 40, 0.1, 0.2, 500
WIDTH, EPOCHS, LR = 32, 300, 0.02
TUNING_SEEDS = range(100, 105)

Figures = tuple[float, float, float]  # training loss, held-out loss, held-out accuracy
Points = tuple[list[list[float]], list[int]]


@dataclass(frozen=True)
class Cure:
    """What is done against overfitting: the strengths to choose from, and the trained model."""

    strengths: Sequence[float]
    trained: Callable[[Points, int, Any], Sequential]  # of (training set, seed, strength)


def network(seed: int, width: int = WIDTH, dropout: float = 0.0) -> Sequential:
    """2 inputs, two hidden layers, a logit for each of 2 classes."""
    rng = random.Random(seed)
    layers = [
        Linear(2, width, rng=rng),
        Tanh(),
        Dropout(dropout, rng=random.Random(seed)),
        Linear(width, width, rng=rng),
        Tanh(),
        Dropout(dropout, rng=random.Random(seed + 1)),
        Linear(width, 2, rng=rng),
    ]
    return Sequential(*[x for x in layers if dropout or not isinstance(x, Dropout)])


def training_set(seed: int, samples: int = SAMPLES) -> Points:
    """Moons, with the wrong label for one sample in ten."""
    inputs, targets = data.moons(n=samples, noise=NOISE, seed=1000 + seed)
    for i in random.Random(seed).sample(range(samples), round(WRONG * samples)):
        targets[i] = 1 - targets[i]
    return inputs, targets


def held_out_set(seed: int) -> Points:
    return data.moons(n=HELD_OUT, noise=NOISE, seed=2000 + seed)


# ---- the cures ----


def run(model: Sequential, points: Points, optimizer: Any = None, **options: Any) -> Sequential:
    """Train the model, all samples in each step, with nothing but what the options ask for."""
    optimizer = optimizer or Adam(model.parameters(), lr=LR)
    options = {"loss": cross_entropy, **options}
    fit(model, points, optimizer=optimizer, epochs=EPOCHS, progress=False, **options)
    return model


def none(points: Points, seed: int, _strength: Any) -> Sequential:
    return run(network(seed), points)


def l2(points: Points, seed: int, strength: float) -> Sequential:
    model = network(seed)
    weights = weights_of(model)
    return run(model, points, penalty=lambda: strength * l2_penalty(weights))


def weight_decay(points: Points, seed: int, strength: float) -> Sequential:
    model = network(seed)
    return run(model, points, AdamW(model.parameters(), lr=LR, weight_decay=strength))


def l1(points: Points, seed: int, strength: float) -> Sequential:
    model = network(seed)
    weights = weights_of(model)
    return run(model, points, penalty=lambda: strength * l1_penalty(weights))


def dropout(points: Points, seed: int, strength: float) -> Sequential:
    return run(network(seed, dropout=strength), points)


def label_smoothing(points: Points, seed: int, strength: float) -> Sequential:
    def loss(logits: Any, targets: Any) -> Any:
        return cross_entropy(logits, targets, label_smoothing=strength)

    return run(network(seed), points, loss=loss)


def early_stopping(points: Points, seed: int, patience: int) -> Sequential:
    """A quarter of the training set is held back to say when: it is not trained on."""
    inputs, kept, targets, kept_targets = train_test_split(*points, seed=seed, stratify=True)
    stopping = EarlyStopping(patience=patience)
    return run(
        network(seed), (inputs, targets), validation=(kept, kept_targets), early_stopping=stopping
    )


def smaller(points: Points, seed: int, width: int) -> Sequential:
    return run(network(seed, width), points)


def more_data(points: Points, seed: int, times: int) -> Sequential:
    """The same samples and others, `times` as many in all; one in ten is wrong as before."""
    inputs, targets = training_set(seed + 500, (times - 1) * SAMPLES)
    return run(network(seed), (points[0] + inputs, points[1] + targets))


CURES = {
    "none": Cure([0], none),
    "L2 penalty": Cure([0.001, 0.003, 0.01, 0.03], l2),
    "weight decay (AdamW)": Cure([0.3, 1.0, 3.0, 10.0], weight_decay),
    "L1 penalty": Cure([0.0003, 0.001, 0.003, 0.01], l1),
    "dropout": Cure([0.2, 0.4, 0.6, 0.8], dropout),
    "early stopping, patience": Cure([5, 20, 80], early_stopping),
    "label smoothing": Cure([0.05, 0.1, 0.2, 0.4], label_smoothing),
    "smaller network, width": Cure([2, 4, 8], smaller),
    "more data, times": Cure([4], more_data),
}


# ---- what came of it ----


def judged(model: Sequential, points: Points, held_out: Points) -> Figures:
    """Cross-entropy on both sets, without penalties, and the share of held-out samples right."""
    losses = []
    with no_grad():
        for inputs, targets in (points, held_out):
            outputs = [model(x) for x in inputs]
            losses.append(float(cross_entropy(outputs, targets)))
    return losses[0], losses[1], metrics.accuracy_score(held_out[1], outputs)


def figures(cure: Cure, strength: Any, seeds: Sequence[int]) -> list[Figures]:
    """One triple a seed. The training loss is that on the 40 samples, whatever else was there."""
    triples = []
    for seed in seeds:
        points = training_set(seed)
        triples.append(judged(cure.trained(points, seed, strength), points, held_out_set(seed)))
    return triples


def chosen(cure: Cure, seeds: Sequence[int]) -> float:
    """The strength with the smallest mean loss on the validation sets of these seeds."""
    if len(cure.strengths) == 1:
        return cure.strengths[0]
    losses = {s: mean([loss for _, loss, _ in figures(cure, s, seeds)]) for s in cure.strengths}
    return min(losses, key=losses.__getitem__)


def report(found: dict[str, list[Figures]]) -> str:
    """Means and standard deviations, and how often a cure did better than none, seed by seed."""
    baseline = found["none"]
    rows = []
    for name, triples in found.items():
        row = [name]
        for column in zip(*triples):
            spread = f" ± {stdev(column):.3f}" if len(column) > 1 else ""
            row.append(f"{mean(column):.3f}{spread}")
        for i, sign in ((1, -1), (2, 1)):
            better = [sign * (t[i] - b[i]) > 0 for t, b in zip(triples, baseline)]
            row.append("" if name == "none" else f"{sum(better)} of {len(better)}")
        rows.append(row)
    header = ["cure", "training loss", "held-out loss", "held-out accuracy"]
    return table([*header, "loss better", "accuracy better"], rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overfitting", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many runs of each cure")
    options = parser.parse_args(arguments)
    found = {}
    for name, cure in CURES.items():
        strength = chosen(cure, TUNING_SEEDS)
        label = f"{name} {strength:g}" if strength else name
        found[label] = figures(cure, strength, range(options.seeds))
        print(f"{label}: done", file=sys.stderr, flush=True)
    print(report(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
