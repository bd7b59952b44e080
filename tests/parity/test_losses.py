"""Losses give PyTorch's values and gradients on random problems.

COMPARED says what is compared; `difference(case, seed)` does it.
"""

import random
import sys

import pytest

import nn
from engine import Value

torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")

TOLERANCE = 1e-12  # times the number, or 1 if that is more
N, CLASSES = 5, 4


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def gauss(rng, n, m):
    return [[rng.gauss(0, 2) for _ in range(m)] for _ in range(n)]


def softmax(row):
    return torch.softmax(tensor(row), 0).tolist()


def numbers(rng):
    return gauss(rng, N, CLASSES)


def probabilities(rng):
    return [softmax(row) for row in gauss(rng, N, CLASSES)]


def signs(rng):
    return [[rng.choice([-1.0, 1.0]) for _ in range(CLASSES)] for _ in range(N)]


def labels(rng):
    return [rng.randrange(CLASSES) for _ in range(N)]


REDUCTIONS = ("mean", "sum", "none")
LOSSES = [  # name, inputs, targets, reductions, settings
    ("mse_loss", numbers, numbers, REDUCTIONS, {}),
    ("l1_loss", numbers, numbers, REDUCTIONS, {}),
    ("huber_loss", numbers, numbers, REDUCTIONS, {}),
    ("huber_loss", numbers, numbers, REDUCTIONS, {"delta": 0.4}),
    ("binary_cross_entropy", probabilities, probabilities, REDUCTIONS, {}),
    ("binary_cross_entropy_with_logits", numbers, probabilities, REDUCTIONS, {}),
    ("cross_entropy", numbers, labels, REDUCTIONS, {}),
    ("cross_entropy", numbers, labels, REDUCTIONS, {"label_smoothing": 0.2}),
    ("cross_entropy", numbers, probabilities, REDUCTIONS, {}),
    ("cross_entropy", numbers, probabilities, REDUCTIONS, {"label_smoothing": 0.2}),
    ("nll_loss", numbers, labels, REDUCTIONS, {}),
    ("kl_div", numbers, probabilities, (*REDUCTIONS, "batchmean"), {}),
    ("kl_div", numbers, numbers, (*REDUCTIONS, "batchmean"), {"log_target": True}),
]
COMPARED = [(name, x, t, s, r) for name, x, t, rs, s in LOSSES for r in rs]


def title(case):
    name, _, targets, settings, reduction = case
    return f"loss {name} of {targets.__name__} {settings}, {reduction}"


def flat(tree):
    return [x for branch in tree for x in flat(branch)] if isinstance(tree, list) else [tree]


def differentiated(output, inputs, weights):
    """The numbers of an output, and the gradients of its weighted sum."""
    total = Value(0.0)
    for w, x in zip(weights, flat(output)):
        total = total + w * x
    total.backward()
    return [x.data for x in flat(output)], [x.grad for x in inputs]


def difference(case, seed):
    """The largest difference from PyTorch, and how many numbers were compared."""
    name, inputs, targets, settings, reduction = case
    rng = random.Random(f"{title(case)} {seed}")
    x, t = inputs(rng), targets(rng)
    ours = [[Value(v) for v in row] for row in x]
    theirs = tensor(x).requires_grad_()
    wanted = torch.tensor(t) if targets is labels else tensor(t)
    output = getattr(nn, name)(ours, t, reduction=reduction, **settings)
    expected = getattr(torch.nn.functional, name)(theirs, wanted, reduction=reduction, **settings)
    weights = [rng.gauss(0, 1) for _ in flat(output)]
    data, slopes = differentiated(output, flat(ours), weights)
    (expected.flatten() * tensor(weights)).sum().backward()
    right = expected.flatten().tolist() + theirs.grad.flatten().tolist()
    pairs = list(zip(data + slopes, right, strict=True))
    return max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs), len(pairs)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning")
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("case", COMPARED, ids=title)
def test_values_and_gradients_are_pytorchs(case, seed):
    largest, count = difference(case, seed)

    assert count > N * CLASSES
    assert largest <= TOLERANCE


def test_a_planted_mistake_is_caught(monkeypatch):
    monkeypatch.setattr(nn, "mse_loss", lambda *args, **options: nn.l1_loss(*args, **options))

    assert difference(COMPARED[0], 0)[0] > TOLERANCE


def test_every_loss_that_pytorch_has_is_compared():
    losses = {name for name in nn.__all__ if name in dir(sys.modules["nn.losses"])}
    shared = {name for name in losses if hasattr(torch.nn.functional, name)}

    assert len(shared) == 8
    assert shared == {case[0] for case in COMPARED}
