"""The pictures that a training leaves: graphs of a small network, and plots of what it learned."""

from __future__ import annotations

import random

from engine import Value
from engine.diagrams.diagram import Diagram
from engine.diagrams.drawing import draw
from engine.saving.files import write_file
from nn.checks import count
from nn.command.figures import write_figures
from nn.evaluation import rows_of_outputs
from nn.losses import cross_entropy, mse_loss
from nn.mlp import MLP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from nn.command.rows import Rows
    from nn.data.tables import Table
    from nn.module import Module
    from nn.training.history import History

SMALL = 50  # parameters: the graph of a larger network is too dense to read
MANY = 40  # classes: the cells of more are too small to read, and their number is the square
FEW = 8  # rows: so many predictions fit into the graph of one loss


def write_pictures(
    folder: Path, model: Module, table: Table, rows: Rows, history: History, seed: int
) -> list[str]:
    """Write the pictures and give their names.

    rows: the inputs and targets that judge; seed: what the training began with.
    """
    names = []
    if isinstance(model, MLP) and len(model.parameters()) <= SMALL:
        names += write_graphs(folder, model, table, rows, seed)
    return names + write_figures(folder, lambda: plots(model, table, rows, history))


def write_graphs(folder: Path, model: MLP, table: Table, rows: Rows, seed: int) -> list[str]:
    """prediction.svg, of one row, in full; with few rows also loss.svg, folded."""
    inputs, _ = rows
    model.zero_grad()
    x = inputs[min(2, len(inputs) - 1)]
    prediction = model([Value(v, label=name) for v, name in zip(x, table.feature_names)])
    outputs = prediction if isinstance(prediction, list) else [prediction]
    names = table.class_names or ["prediction"]
    for output, name in zip(outputs, names):
        output.label = name
    if len(outputs) == 1:
        prediction.backward()
    graphs = {"prediction.svg": draw(outputs, max_nodes=None, parameters=model)}
    svg = graphs["prediction.svg"].pipe("svg")
    write_file(folder / "prediction.svg", svg)
    if len(inputs) > FEW:
        return ["prediction.svg"]

    picture = picture_of_loss(untrained(model, seed), table, rows)
    write_file(folder / "loss.svg", picture.pipe("svg"))
    return ["prediction.svg", "loss.svg"]


def untrained(model: MLP, seed: int) -> MLP:
    """The network as it was before its training, where its gradients still say something."""
    nouts = [len(layer.neurons) for layer in model.layers]
    nin, hidden = len(model.layers[0].neurons[0].weights), model.layers[0].neurons[0].activation
    return MLP(nin, nouts, activation=hidden, rng=random.Random(seed))


def picture_of_loss(model: MLP, table: Table, rows: Rows) -> Diagram:
    """The loss of a few rows; what is the same for all rows, weights or neurons is drawn once."""
    inputs = [[Value(v, name) for v, name in zip(x, table.feature_names)] for x in rows[0]]
    numbers = [] if table.class_names else [Value(t, table.target_name) for t in rows[1]]
    measure = cross_entropy if table.class_names else mse_loss
    loss = measure([model(x) for x in inputs], numbers or rows[1])
    loss.label = "loss"
    loss.backward()
    picture = draw(loss, collapse=True, max_nodes=None, parameters=model, targets=numbers)
    rows_of_it = count(len(inputs), "row")
    title = f"The loss of the untrained network, over {rows_of_it}: where its training begins"
    picture.attr(label=title, labelloc="t", fontname="Helvetica", fontsize="14")
    return picture


def plots(
    model: Any, table: Table, rows: Rows, history: History
) -> dict[str, Callable[[Any], Any]]:
    """The names of the plots, each with the function that draws it on Axes."""
    from nn import plot

    inputs, targets = rows
    found: dict[str, Callable[[Any], Any]] = {
        "weights.svg": lambda ax: plot.plot_histograms(model, ax),
    }
    if history.epochs:  # there are none if the first was interrupted
        found["loss_curve.svg"] = lambda ax: plot.plot_losses(history, ax)
    if len(set(history["lr"])) > 1:
        found["learning_rate.svg"] = lambda ax: plot.plot_learning_rate(history, ax)
    names, labels = table.feature_names, table.class_names
    in_the_plane = len(names) == 2
    if labels is None:
        if in_the_plane and set(targets) <= {0.0, 1.0}:  # of other amounts 0.5 is no border
            found["decision_surface.svg"] = lambda ax: plot.plot_decision_surface(
                model, inputs, targets, ax, names=names
            )
        return found
    if in_the_plane:
        found["decision_regions.svg"] = lambda ax: plot.plot_decision_regions(
            model, inputs, targets, ax, resolution=100, names=names, labels=labels
        )
    if len(labels) > MANY:
        return found
    outputs = rows_of_outputs(model, inputs)
    found["confusion_matrix.svg"] = lambda ax: plot.plot_confusion_matrix(
        targets, outputs, ax, labels=labels
    )
    return found
