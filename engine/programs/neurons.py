"""Neurons and layers: dot products of weights and inputs, and those that look at the same inputs.

The machine computes a layer at once. Two files look for layers here: `plan`, for the loss of a
batch, and `batch`, for the outputs of a program for many samples.
"""

from __future__ import annotations

from engine import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Step = tuple[Any, Sequence[Any], bool]  # an op, its operands, whether a gradient comes to it


def halves(operands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """The weights of a dot product, its inputs, and its bias in a list of one or none."""
    n = len(operands) // 2
    return operands[:n], operands[n : 2 * n], operands[2 * n :]


def neuron_inputs(step: Step, is_scalar: Callable[[Any], bool]) -> tuple[Any, ...]:
    """The inputs of a neuron, and behind them whether it has a bias; empty for another step.

    A neuron is a dot product of scalars with rows, with a scalar for its bias if it has one.
    """
    op, operands, reached = step
    if op is not ops.dot or not reached:
        return ()
    weights, inputs, bias = halves(operands)
    if not inputs or any(map(is_scalar, inputs)) or not all(map(is_scalar, weights)):
        return ()
    if not all(map(is_scalar, bias)):
        return ()
    return (*inputs, len(bias))


def layers(
    steps: Sequence[Step], is_scalar: Callable[[Any], bool], differentiated: bool
) -> list[list[int]]:
    """The numbers of the steps in the order of their instructions; neurons of a layer together.

    A layer stands where its first neuron does. differentiated: whether gradients are wanted. Then
    a layer ends before another step that takes one of its inputs: the gradients of an input are
    added up in the order of the steps, and a layer adds its own one after the other.
    """
    looks_at = [neuron_inputs(step, is_scalar) for step in steps]
    alike: dict[tuple[Any, ...], list[int]] = {}  # the neurons of the same inputs
    teams: list[list[int]] = []  # of a step: the neurons that look at what it looks at
    # Of an operand that is no scalar: the teams, and the other steps, that take it.
    users: dict[Any, list[list[int]]] = {}
    for k, (inputs, (_, operands, _)) in enumerate(zip(looks_at, steps)):
        teams.append(alike.setdefault(inputs, []))
        teams[k].append(k)
        if differentiated and not (inputs and len(teams[k]) > 1):
            for x in {*inputs[:-1]} or {x for x in operands if not is_scalar(x)}:
                users.setdefault(x, []).append(teams[k] if inputs else [k])
    made: list[list[int]] = []
    done: set[int] = set()
    for k, inputs in enumerate(looks_at):
        if k in done:
            continue
        layer = [k]
        if inputs:
            team = teams[k]
            others = {id(found): found for x in inputs[:-1] for found in users.get(x, ())}
            others.pop(id(team), None)
            end = min([j for found in others.values() for j in found if j > k], default=len(steps))
            layer = [j for j in team if k <= j < end]
        done.update(layer)
        made.append(layer)
    return made


def as_layer(row: int, neurons: Sequence[Sequence[int]]) -> tuple[Any, ...]:
    """The instruction of a layer: ("layer", its first row, inputs, weights, biases).

    neurons: the operands of each.
    """
    parts = [halves(operands) for operands in neurons]
    weights = tuple([tuple(part[0]) for part in parts])
    biases = tuple([x for part in parts for x in part[2]])
    return "layer", row, tuple(parts[0][1]), weights, biases


def as_dots(instruction: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """A layer as its dot products; another instruction as it is."""
    if instruction[0] != "layer":
        return [instruction]
    _, row, inputs, weights, biases = instruction[:5]
    return [("dot", row + j, (*own, *inputs, *biases[j : j + 1])) for j, own in enumerate(weights)]
