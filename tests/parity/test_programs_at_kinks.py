"""The source of a program for PyTorch has the engine's slopes at 0 and far from it."""

import pytest

from engine import Value, ops, trace

POINTS = [0.0, -0.5, 0.5, 30.0, -30.0, 800.0, -800.0]
NAMES = [
    "stop_gradient",
    "sign",
    "sigmoid",
    "logsigmoid",
    "softplus",
    "silu",
    "relu",
    "abs",
    "tanh",
]
NAMES += ["elu", "leaky_relu", "maximum", "minimum", "heaviside"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("x", POINTS)
def test_torch_has_the_slopes_of_the_table_at_its_kinks_and_far_away(name, x):
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    op = ops.TABLE[name]
    leaves = [Value(x), Value(0.7)][: op.arity or 2]
    y = op(*leaves) * 1.5 + leaves[0]
    y.backward()
    namespace = {}
    exec(trace(y, leaves).source("torch"), namespace)
    tensors = [torch.tensor(v.data, dtype=torch.float64, requires_grad=True) for v in leaves]

    (value,) = namespace["program"](tensors, [])
    value.backward()

    grads = [0.0 if t.grad is None else t.grad.item() for t in tensors]
    assert value.item() == pytest.approx(y.data, rel=1e-9, abs=1e-12)
    assert grads == pytest.approx([v.grad for v in leaves], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("x", [float("inf"), float("-inf"), float("nan")])
def test_torch_has_the_sign_of_what_is_not_finite(x):
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    leaf = Value(x)
    namespace = {}
    exec(trace(ops.sign(leaf), [leaf]).source("torch"), namespace)

    (value,) = namespace["program"]([torch.tensor(x, dtype=torch.float64)], [])

    assert value.item() == pytest.approx(ops.sign(x), nan_ok=True)
