"""Models of every kind of module, with seeded parameters."""

import random

from nn import (
    ELU,
    GELU,
    MLP,
    Dropout,
    Embedding,
    Flatten,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSoftmax,
    Neuron,
    Normalization,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)


def seeded(model, seed=0):
    rng = random.Random(seed)
    for p in model.parameters():
        p.data = rng.gauss(0, 1) * 10 ** rng.randrange(-300, 300)
    return model


MODELS = [
    MLP(2, [3, 1], activation="tanh"),
    MLP(1, [1]),
    Layer(2, 3, activation="gelu"),
    Neuron(3, nonlin=False),
    Linear(2, 2, bias=False),
    Sequential(),
    Sequential(Embedding(5, 2, padding_idx=1), Flatten(), Linear(4, 2)),
    Embedding(2, 1),
    Sequential(
        Flatten(),
        *[Linear(2, 3), Tanh(), LayerNorm(3), Dropout(0.3), MLP(3, [2]), ReLU(), LeakyReLU(0.2)],
        *[ELU(0.5), GELU(), SiLU(), Sigmoid(), Identity(), LayerNorm(2, 0.1, bias=False)],
        *[Softplus(2.0), Softmax(), LogSoftmax(-1), Normalization([0.5, 1.0], [2.0, 3.0])],
        Sequential(LayerNorm(2, elementwise_affine=False)),
    ),
]
