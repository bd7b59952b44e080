"""A model that changes itself when it is called: refused by replay, and left as it was."""

import pytest

from engine import Value, tanh
from engine.programs.plan import NoPlanError
from nn import SGD, Module, fit


class Counting(Module):
    """It counts its calls, and multiplies by their number."""

    def __init__(self):
        self.w, self.calls = Value(0.5), 0

    def __call__(self, x):
        self.calls += 1
        return self.w * x[0] * self.calls


class Carrying(Module):
    """Its state goes on from one sample to the next."""

    def __init__(self):
        self.w, self.state = Value(0.5), 0.0

    def __call__(self, x):
        found = tanh(self.w * x[0] + self.state)
        self.state = found.data
        return found


def trained(make, replay, size):
    model = make()
    inputs = [[0.1 * i - 0.3] for i in range(6)]
    history = fit(
        model,
        (inputs, [x[0] for x in inputs]),
        optimizer=SGD(model.parameters(), lr=0.01),
        epochs=2,
        batch_size=size,
        replay=replay,
        progress=False,
    )
    kept = {name: x for name, x in vars(model).items() if name != "w"}
    return [x.hex() for x in history.losses], model.w.data.hex(), model.w.grad.hex(), kept


@pytest.mark.parametrize("size", [1, 3, None])
@pytest.mark.parametrize("make", [Counting, Carrying])
def test_an_attempt_to_replay_leaves_no_trace(make, size):
    with pytest.raises(NoPlanError):
        trained(make, True, size)
    assert trained(make, "auto", size) == trained(make, False, size)
