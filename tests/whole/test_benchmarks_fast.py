"""The comparison of the fast mode with the exact one has trainings of each kind."""

import pytest

from engine import compiled

pytestmark = pytest.mark.skipif(not compiled, reason="needs the compiled build")


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(
    ("sizes", "activation", "loss"),
    [("2-4-1", "tanh", "mse"), ("20-8-1", "relu", "hinge"), ("20-6-3", "relu", "classes")],
)
@pytest.mark.parametrize("samples", [4, 100])
def test_a_training_does_its_steps(samples, sizes, activation, loss, fast):
    from benchmarks.fast import training

    training(samples, sizes, activation, loss, fast)(3)
