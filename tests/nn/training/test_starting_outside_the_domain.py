"""A first step outside of a function's domain: the same TrainingError, replayed or not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, log, sqrt
from engine.programs.plan import NoPlanError
from nn import SGD, Module, TrainingError, cross_entropy, fit


class Curve(Module):
    """x: [1] -> f(p * x), or as many numbers as there are classes."""

    def __init__(self, p, f, classes=0):
        self.p, self.f, self.classes = Value(p), f, classes

    def __call__(self, x):
        z = self.f(self.p * x[0])
        return [z, *[k * z for k in range(1, self.classes)]] if self.classes else z


def error_of(model, targets, replay, kind=TrainingError, **options):
    with pytest.raises(kind) as caught:
        fit(
            model,
            ([[1.0] for _ in targets], targets),
            optimizer=SGD(model.parameters(), lr=0.1),
            steps=3,
            replay=replay,
            progress=False,
            **options,
        )
    return str(caught.value)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([log, sqrt]), st.floats(-1e6, -1e-6), st.integers(1, 4), st.booleans())
def test_a_start_outside_the_domain_is_one_error_in_every_way_of_training(f, p, n, classes):
    options = {"loss": cross_entropy} if classes else {}
    targets = [i % 2 for i in range(n)] if classes else [float(i) / 3 for i in range(n)]
    messages = {
        error_of(Curve(p, f, 2 if classes else 0), targets, replay, **options)
        for replay in (False, True, "auto")
    }

    assert len(messages) == 1
    assert messages.pop().startswith(f"step 1: {f.name}(")


def test_what_no_plan_can_be_made_of_is_still_refused():
    drawn = []

    def other(x):
        drawn.append(x)
        return x * x if len(drawn) % 2 else x

    assert "part of some samples only" in error_of(
        Curve(1.0, other), [0.0, 0.5, 0.25], True, NoPlanError
    )
