"""The main job: train an MLP on XOR, and put what came of it into a folder."""

import io
import json
import math
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import Value, draw
from engine.files import write_file
from nn import data
from nn.losses import mse_loss
from nn.mlp import MLP
from nn.optim import SGD


def train_xor(
    hidden: Sequence[int],
    activation: str,
    lr: float,
    momentum: float,
    steps: int,
    seed: int,
    output: Path,
    quiet: bool,
) -> float:
    """Train by gradient descent, print the predictions, write the pictures and weights.

    Returns the mean squared error that was reached. Raises OSError, before the training, if
    nothing can be written into the folder output, and ArithmeticError if the loss runs away.
    """
    say: Callable[..., None] = (lambda *_: None) if quiet else print
    model = MLP(2, [*hidden, 1], activation=activation, rng=random.Random(seed))
    optimizer = SGD(model.parameters(), lr, momentum)
    make_writable(output)
    inputs, targets = data.xor()

    say(model)
    losses = descend(model, optimizer, inputs, targets, steps, quiet)
    loss = mse_loss([model(x) for x in inputs], targets)
    say("inputs  target  prediction")
    for x, target in zip(inputs, targets):
        say(f"{x[0]:3g}{x[1]:3g}  {target:6g}  {model(x).data:10.4f}")
    say(f"mean squared error {loss.data:.2g} after {steps} steps")

    names = write_weights(output, model, activation)
    names += write_graphs(output, model, inputs, targets)
    names += write_plots(output, model, [*losses, loss.data], inputs, targets)
    say(f"wrote {', '.join(names)} in {output}{os.sep}")
    final: float = loss.data
    return final


def make_writable(folder: Path) -> None:
    """Make the folder if need be. Raises OSError unless files can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(f"cannot write into the folder {folder}: {error.strerror}") from None


def descend(
    model: MLP,
    optimizer: SGD,
    inputs: list[list[float]],
    targets: list[float],
    steps: int,
    quiet: bool,
) -> list[float]:
    """The loss before each of `steps` steps of gradient descent, with a progress bar."""
    from tqdm import tqdm

    losses = []
    progress = tqdm(range(1, steps + 1), desc="training", unit="step", disable=quiet)
    for step in progress:
        try:
            loss = mse_loss([model(x) for x in inputs], targets)
            if not math.isfinite(loss.data):
                raise ArithmeticError(f"the loss is {loss.data}")
        except ArithmeticError as error:
            progress.close()
            raise ArithmeticError(f"step {step}: {error}: try a smaller learning rate") from None
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
        if step % 20 == 0 or step == steps:
            progress.set_postfix(loss=f"{loss.data:.4g}", refresh=False)
    return losses


def write_weights(folder: Path, model: MLP, activation: str) -> list[str]:
    """weights.json: what a script needs to make the same model, and its state_dict."""
    sizes = [len(layer.neurons) for layer in model.layers]
    content = {
        "model": "MLP",
        "nin": 2,
        "nouts": sizes,
        "activation": activation,
        "state_dict": model.state_dict(),
    }
    write_file(folder / "weights.json", json.dumps(content, indent=2) + "\n")
    return ["weights.json"]


def write_graphs(
    folder: Path, model: MLP, inputs: list[list[float]], targets: list[float]
) -> list[str]:
    """prediction.svg, for the last inputs but one, in full; loss.svg, with dot products whole."""
    for i, layer in enumerate(model.layers):
        for j, neuron in enumerate(layer.neurons):
            neuron.bias.label = f"b[{i}][{j}]"
            for k, weight in enumerate(neuron.weights):
                weight.label = f"w[{i}][{j}][{k}]"
    model.zero_grad()
    prediction = model([Value(x, label=f"x{i}") for i, x in enumerate(inputs[2])])
    prediction.label = "prediction"
    prediction.backward()
    picture = draw(prediction, max_nodes=None).pipe("svg")
    write_file(folder / "prediction.svg", picture)

    model.zero_grad()
    loss = mse_loss([model(x) for x in inputs], targets)
    loss.label = "loss"
    loss.backward()
    write_file(folder / "loss.svg", draw(loss, fused=True, max_nodes=None).pipe("svg"))
    return ["prediction.svg", "loss.svg"]


def write_plots(
    folder: Path,
    model: MLP,
    losses: Sequence[float],
    inputs: list[list[float]],
    targets: list[float],
) -> list[str]:
    """loss_curve.svg and decision_surface.svg."""

    def plots() -> dict[str, Callable[[Any], Any]]:
        from nn.plot import plot_decision_surface, plot_loss

        return {
            "loss_curve.svg": lambda ax: plot_loss(losses, ax),
            "decision_surface.svg": lambda ax: plot_decision_surface(model, inputs, targets, ax),
        }

    return write_figures(folder, plots)


def write_figures(folder: Path, plots: Callable[[], dict[str, Callable[[Any], Any]]]) -> list[str]:
    """Files of the names that plots() gives, each drawn by its function of an Axes.

    Returns the names; without matplotlib none, with a word of what is missing.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        message = "no plots of the loss and the decisions: pip install 'chainrule[plot]'"
        print(f"chainrule: {message}", file=sys.stderr)
        return []
    drawn = plots()
    for name, plot in drawn.items():
        figure = Figure(figsize=(6, 4.5), layout="constrained")  # no window, so no display
        plot(figure.subplots())
        svg = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "chainrule"}):  # the same bytes each time
            figure.savefig(svg, format="svg", metadata={"Date": None})
        write_file(folder / name, svg.getvalue())
    return list(drawn)
