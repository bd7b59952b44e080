"""Losses and layers give PyTorch's values and gradients on random problems.

COMPARED says what is compared; `difference(case, seed)` does it.
"""

import random

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
LAYERS = [  # name, arguments
    ("Linear", (CLASSES, 3), {}),
    ("Linear", (CLASSES, 3), {"bias": False}),
    ("LayerNorm", (CLASSES,), {}),
    ("LayerNorm", (CLASSES,), {"eps": 0.1, "elementwise_affine": False}),
    ("LayerNorm", (CLASSES,), {"bias": False}),
    *[
        (name, (), {})
        for name in ("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Sigmoid", "Tanh")
    ],
    ("LeakyReLU", (0.3,), {}),
    ("ELU", (0.7,), {}),
    ("Softmax", (), {"dim": 0}),
    ("LogSoftmax", (), {"dim": 0}),
]
COMPARED = [("loss", name, x, t, s, r) for name, x, t, rs, s in LOSSES for r in rs]
COMPARED += [("layer", *case) for case in LAYERS]


def title(case):
    kind, name, *rest = case
    settings = ", ".join(map(str, rest[-2:]))
    return f"{kind} {name} {settings}"


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
    """The largest difference between ours and PyTorch's, as a share of what is tolerated."""
    rng = random.Random(f"{title(case)} {seed}")
    if case[0] == "loss":
        _, name, inputs, targets, settings, reduction = case
        x, t = inputs(rng), targets(rng)
        ours = [[Value(v) for v in row] for row in x]
        theirs = tensor(x).requires_grad_()
        wanted = torch.tensor(t) if targets is labels else tensor(t)
        output = getattr(nn, name)(ours, t, reduction=reduction, **settings)
        expected = getattr(torch.nn.functional, name)(
            theirs, wanted, reduction=reduction, **settings
        )
        parameters = []
    else:
        _, name, arguments, settings = case
        (x,) = gauss(rng, 1, CLASSES)
        ours, theirs = [Value(v) for v in x], tensor(x).requires_grad_()
        module = getattr(nn, name)(*arguments, **settings)
        torchs = getattr(torch.nn, name)(*arguments, **settings).double()
        parameters = module.parameters()
        for p in parameters:
            p.data = rng.gauss(0, 1)
        with torch.no_grad():
            for (_, p), numbers in zip(torchs.named_parameters(), module.state_dict().values()):
                p.copy_(tensor(numbers))
        output, expected = module(ours), torchs(theirs)
    weights = [rng.gauss(0, 1) for _ in flat(output)]
    data, slopes = differentiated(output, flat(ours) + parameters, weights)
    (expected.flatten() * tensor(weights)).sum().backward()
    right = expected.flatten().tolist(), theirs.grad.flatten().tolist()
    if parameters:
        for p in torchs.parameters():
            right[1].extend(p.grad.flatten().tolist())
    pairs = list(zip(data + slopes, right[0] + right[1], strict=True))
    return max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs) / TOLERANCE


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning")
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("case", COMPARED, ids=title)
def test_values_and_gradients_are_pytorchs(case, seed):
    assert difference(case, seed) <= 1


def test_a_planted_mistake_is_caught(monkeypatch):
    monkeypatch.setattr(nn, "mse_loss", lambda *args, **options: nn.l1_loss(*args, **options))

    assert difference(COMPARED[0], 0) > 1


def test_every_loss_and_every_layer_that_pytorch_has_is_compared():
    compared = {case[1] for case in COMPARED}
    losses = {name for name in nn.__all__ if getattr(nn, name).__name__ in dir(nn.losses)}
    exported = {name for name in losses if hasattr(torch.nn.functional, name)}
    exported |= {name for name in dir(nn.activations) if name in nn.__all__}

    assert len(exported) > 15
    assert exported - compared == {"Module"}  # which activations.py imports
