"""The source of a program for PyTorch is differentiated by PyTorch."""

import pytest

from engine import trace
from tests.engine.programs.random_graphs import eager


@pytest.mark.parametrize("seed", range(20))
def test_torch_source_is_differentiated_by_torch(seed):
    torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")
    numbers = [0.3, -0.8, 1.2, 0.7]
    output, leaves = eager(seed, numbers)
    namespace = {}
    exec(trace(output, leaves[:2], leaves[2:]).source("torch"), namespace)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    (value,) = namespace["program"](tensors[:2], tensors[2:])

    assert value.item() == pytest.approx(output.data, rel=1e-9, nan_ok=True)
