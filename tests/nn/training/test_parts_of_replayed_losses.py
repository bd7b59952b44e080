"""A replayed loss as part of another: the grads are those of the graph, to the last bit."""

import copy
import pickle
import random

import pytest

from nn import MLP, SGD, Dropout, Linear, Sequential, jit, l2_penalty, mse_loss

WAYS = {
    "alone": lambda losses, _: [x.backward() for x in losses],
    "a factor": lambda losses, _: [(x / 3).backward() for x in losses],
    "a seed": lambda losses, _: [x.backward(1 / 3) for x in losses],
    "a sum": lambda losses, _: sum(losses).backward(),
    "a mean": lambda losses, _: (0.7 * sum(losses) / len(losses)).backward(),
    "a penalty behind it": lambda losses, ps: (losses[0] + 0.1 * l2_penalty(ps)).backward(),
    "a penalty before it": lambda losses, ps: (0.1 * l2_penalty(ps) + losses[0]).backward(),
    "a product": lambda losses, ps: (losses[0] * losses[1] * ps[0]).tanh().backward(),
    "twice": lambda losses, _: (losses[0] * losses[0] + losses[0]).backward(),
}


def grads(wrap, way, model):
    """The grads in each step of a loop that adds up those of three batches."""
    function = wrap(lambda xs, ts: mse_loss([model(x) for x in xs], ts))
    rng, found = random.Random(3), []
    optimizer = SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        batches = [[[rng.gauss(0, 1), rng.random()] for _ in range(4)] for _ in range(3)]
        losses = [function(xs, [x[0] for x in xs]) for xs in batches]
        WAYS[way](losses, model.parameters())
        found.append([p.grad.hex() for p in model.parameters()])
        optimizer.step()
    if wrap is jit:
        assert function.replayed == 13
    return found


def mlp():
    return MLP(2, [3, 1], activation="tanh", rng=random.Random(0))


def dropped():
    rng = random.Random(0)
    return Sequential(
        Linear(2, 3, rng=rng), Dropout(0.5, rng=random.Random(1)), MLP(3, [1], rng=rng)
    )


@pytest.mark.parametrize("make", [mlp, dropped])
@pytest.mark.parametrize("way", WAYS)
def test_the_grads_have_the_bits_of_the_graph(way, make):
    assert grads(jit, way, make()) == grads(lambda function: function, way, make())


def replayed(model):
    function = jit(lambda xs, ts: mse_loss([model(x) for x in xs], ts))
    losses = [function([[0.1 * k, 0.2], [0.3, 0.4]], [1.0, k]) for k in range(4)]
    assert function.replayed == 2
    return losses[-1]


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda loss: pickle.loads(pickle.dumps(loss)),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_has_grads_of_its_own(copied):
    model = mlp()
    loss = replayed(model)
    twin = copied(loss)
    own = twin.inputs

    (twin / 4).backward()

    assert [4 * p.grad for p in own] == loss.slopes
    if copied is not copy.copy:  # which has the same parameters
        assert not any(p.grad for p in model.parameters())


def test_the_slopes_of_the_operation_are_plain_outside_of_a_backward():
    loss = replayed(mlp())
    loss.backward()

    assert loss.op.gradient(loss.data, *[p.data for p in loss.inputs]) == loss.slopes


def test_a_gradient_that_is_not_finite_is_passed_on():
    model = mlp()
    loss = replayed(model)
    (loss * 1e308 * 1e308).backward()

    assert all(abs(p.grad) == float("inf") or p.grad != p.grad for p in loss.inputs if p.grad)
