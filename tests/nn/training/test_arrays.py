"""What the machine is told about an optimiser: every number, and none of its own making."""

from array import array

import pytest

from engine import Value
from nn import SGD, Adagrad, Adam, AdamW, RMSprop
from nn.training.arrays import KNOWN, Arrays
from nn.training.upcoming import Upcoming


class Listener:
    """A machine that only listens."""

    def train(self, _parameters, states, optimizer, *_rest):
        self.states, (self.name, self.groups) = states, optimizer
        return array("d", [0.5])


def told(optimizer):
    listener = Listener()
    upcoming = Upcoming(optimizer, None, 1, [])
    data = (array("d"), None, array("i", [0]))
    Arrays(optimizer).train(listener, data, upcoming, 0, 1, None)
    return listener


@pytest.mark.parametrize("optimizer", KNOWN, ids=[known.__name__ for known in KNOWN])
def test_the_machine_is_told_every_setting_of_every_group(optimizer):
    made = optimizer([Value(1.0), Value(2.0)])
    made.add_param_group({"params": [Value(3.0)], "lr": 0.5, "weight_decay": 0.25})
    listener = told(made)

    assert listener.name == optimizer.__name__.lower()
    assert [count for count, _ in listener.groups] == [2, 1]
    assert all({"lr", *numbers} == set(optimizer.rules) for _, numbers in listener.groups)
    assert [numbers["weight_decay"] for _, numbers in listener.groups] == [
        made.defaults["weight_decay"],
        0.25,
    ]


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        (lambda p: SGD(p, momentum=0.9), {"momentum_buffer"}),
        (Adagrad, {"sum"}),
        (lambda p: RMSprop(p, centered=True), {"square_avg", "grad_avg", "momentum_buffer"}),
        (lambda p: Adam(p, amsgrad=True), {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
        (AdamW, {"exp_avg", "exp_avg_sq"}),
    ],
    ids=["SGD", "Adagrad", "RMSprop", "Adam", "AdamW"],
)
def test_the_machine_gets_each_state_as_one_array_over_all_groups(optimizer, names):
    made = optimizer([Value(1.0), Value(2.0)])
    made.add_param_group({"params": [Value(3.0)]})
    listener = told(made)

    assert set(listener.states) == names
    assert {(x.typecode, len(x)) for x in listener.states.values()} == {("d", 3)}
