"""What a number of the data chooses, a token's row or a class's logit, is replayed to the bit."""

import random

import pytest

from engine import compiled, dot
from nn import (
    SGD,
    Adam,
    DataLoader,
    Embedding,
    Flatten,
    Linear,
    Module,
    Sequential,
    Tanh,
    cross_entropy,
    fit,
)
from nn.training.objective import Objective
from nn.training.plans import BatchPlans

TOKENS, CONTEXT = 6, 3


def tokens(n, seed=0, classes=TOKENS):
    """Contexts of tokens, some of them twice in one, and a class for each."""
    rng = random.Random(seed)
    contexts = [[rng.randrange(TOKENS) for _ in range(CONTEXT)] for _ in range(n)]
    return contexts, [rng.randrange(classes) for _ in range(n)]


def language(seed=0, **settings):
    """The next token, by a layer that looks at the rows of three tokens."""
    rng = random.Random(seed)
    return Sequential(
        Embedding(TOKENS, 4, rng=rng, **settings),
        Flatten(),
        Linear(CONTEXT * 4, 5, rng=rng),
        Tanh(),
        Linear(5, TOKENS, rng=rng),
    )


class Tied(Module):
    """The rows of the tokens are summed, and are the weights of the outputs as well."""

    def __init__(self, seed=0):
        self.table = Embedding(TOKENS, 4, rng=random.Random(seed))

    def __call__(self, x):
        first, *others = self.table(x)
        for row in others:
            first = [a + b for a, b in zip(first, row)]
        return [dot(row, first) for row in self.table.weight]


class Scaled(Module):
    """One token whose row is scaled by the row of another token of the same table."""

    def __init__(self, seed=0):
        rng = random.Random(seed)
        self.table, self.out = Embedding(TOKENS, 4, rng=rng), Linear(4, TOKENS, rng=rng)

    def __call__(self, x):
        a, b, c = self.table(x)
        return self.out([u * v + w for u, v, w in zip(a, b, c)])


def trained(make, data, replay, loss=cross_entropy, optimizer=SGD, **options):
    model = make()
    history = fit(
        model,
        data,
        optimizer=optimizer(model.parameters(), lr=0.05),
        loss=loss,
        replay=replay,
        progress=False,
        **{"epochs": 3, **options},
    )
    return [x.hex() for x in history.losses], [p.data.hex() for p in model.parameters()]


def plans(make, data, loss=cross_entropy, size=None):
    model = make()
    loader = DataLoader(*data, batch_size=size)
    return BatchPlans(loader, Objective(model, loss), model.parameters(), list)


REPLAY = True if compiled else "auto"


@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("size", [1, 7, 32])
@pytest.mark.parametrize("make", [language, Tied, Scaled])
def test_a_model_of_tokens_has_the_bits_of_its_graph(make, size, optimizer):
    given = {"batch_size": size, "optimizer": optimizer}

    assert trained(make, tokens(32), REPLAY, **given) == trained(make, tokens(32), False, **given)
