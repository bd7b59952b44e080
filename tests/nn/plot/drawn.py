"""Each plot with something it can draw."""

import random

import pytest

from engine import Value
from nn import MLP, History
from nn.plot import (
    plot_confusion_matrix,
    plot_decision_regions,
    plot_decision_surface,
    plot_histograms,
    plot_learning_rate,
    plot_loss,
    plot_losses,
)

SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def history_of(*epochs):
    history = History()
    history.epochs += epochs
    return history


def right_of_the_middle(x):
    """A model of one output: a logit that is 0 where input 0 is 0.5."""
    return Value(x[0]) - 0.5


# Each plot with something it can draw.
DRAWN = {
    "loss": lambda ax=None: plot_loss([0.5, 0.2, 0.1], ax),
    "losses": lambda ax=None: plot_losses(history_of({"loss": 0.5, "val_loss": 0.6}), ax),
    "learning_rate": lambda ax=None: plot_learning_rate(history_of({"loss": 1.0, "lr": 0.1}), ax),
    "histograms": lambda ax=None: plot_histograms(MLP(2, [3, 1], rng=random.Random(0)), ax),
    "surface": lambda ax=None: plot_decision_surface(right_of_the_middle, SQUARE, [0, 0, 1, 1], ax),
    "regions": lambda ax=None: plot_decision_regions(
        right_of_the_middle, SQUARE, [0, 0, 1, 1], ax, 5
    ),
    "confusion": lambda ax=None: plot_confusion_matrix([0, 1, 1], [0, 1, 0], ax),
}
every_plot = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
