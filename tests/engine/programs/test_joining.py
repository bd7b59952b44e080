"""Kinds that are joined from one sample and the loss of all have the bits of the whole graph."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, dot, ops, tanh
from engine.programs.joining import JoinedKinds
from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_of_plan
from engine.programs.plan import Plan
from engine.programs.tape import Tape

floats = st.floats(-2.0, 2.0)


class Net:
    """Two hidden neurons and two outputs; `of` gives the outputs of a sample of two numbers."""

    def __init__(self, numbers):
        values = iter([Value(x) for x in numbers])
        self.hidden = [[next(values) for _ in range(3)] for _ in range(2)]
        self.last = [[next(values) for _ in range(3)] for _ in range(2)]

    @property
    def parameters(self):
        return [w for row in (*self.hidden, *self.last) for w in row]

    def of(self, x):
        h = [tanh(dot(row[:2], x, row[2])) for row in self.hidden]
        return [dot(row[:2], h, row[2]) for row in self.last]


def squares(outputs, targets, parameters):
    """The sum of the squared errors, in which the second output comes first; and a penalty."""
    terms = [(b - t) * (b - t) + a * a * 0.5 for (a, b), t in zip(outputs, targets)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total + 0.25 * parameters[0] * parameters[0]


def joined(net, loss_of, lanes, order=(1, 0)):
    """The plan of a batch, of which one sample is recorded."""
    x = [Value(0.5), Value(-0.25)]
    made = net.of(x)
    leaves = [[Value(y.data) for y in made] for _ in range(lanes)]
    targets = [Value(0.0) for _ in range(lanes)]
    loss = loss_of(leaves, targets, net.parameters)
    sample = Tape([made[j] for j in order], x, net.parameters)
    inputs = [v for own, t in zip(leaves, targets) for v in (*own, t)]
    whole = Tape([loss], inputs, net.parameters)
    slots = [sample.outputs[order.index(j)] for j in range(len(made))]
    return Plan(JoinedKinds(sample, whole, lanes, len(x), slots), None)


@given(
    st.lists(floats, min_size=12, max_size=12),
    st.lists(st.tuples(floats, floats, floats), min_size=2, max_size=6),
)
def test_a_joined_plan_has_the_bits_of_the_graph(numbers, samples):
    net = Net(numbers)
    plan = joined(net, squares, len(samples))
    rows = array("d", [x for sample in samples for x in sample])
    given_numbers = array("d", [p.data for p in net.parameters])
    value, grads = machine_of_plan(plan).evaluate(given_numbers, rows, None)
    loss = squares(
        [net.of([a, b]) for a, b, _ in samples], [t for *_, t in samples], net.parameters
    )
    loss.backward()

    assert value.hex() == loss.data.hex()
    assert [g.hex() for g in grads] == [p.grad.hex() for p in net.parameters]


def test_the_columns_are_the_inputs_of_a_sample_and_its_target():
    plan = joined(Net([0.1] * 12), squares, 4)

    assert (plan.lanes, plan.inputs, plan.parameters) == (4, 3, 12)


def of_first(outputs, targets, _parameters):
    """A loss to which one output gives nothing."""
    return sum([a * t + ops.stop_gradient(b) for (a, b), t in zip(outputs, targets)])


def with_a_parameter(outputs, targets, parameters):
    return sum([(a - b) * parameters[3] - t for (a, b), t in zip(outputs, targets)])


def parameter_between(outputs, targets, parameters):
    """A loss that uses a parameter of the samples before it comes to the last of them."""
    *first, last = [(a - b) * t for (a, b), t in zip(outputs, targets)]
    return sum(first) * parameters[0] + last


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (of_first, "no gradient comes to an output"),
        (with_a_parameter, "the loss takes a parameter for each sample"),
        (parameter_between, "a parameter is used before the samples, and by them"),
    ],
)
def test_what_might_change_the_order_of_a_sum_is_refused(loss, reason):
    with pytest.raises(NoPlanError, match=reason):
        joined(Net([0.1] * 12), loss, 3, (0, 1))


class Chained(Net):
    def of(self, x):
        a, b = super().of(x)
        return [a, a * b]


class Passing(Net):
    def of(self, x):
        return [super().of(x)[0], x[1]]


@pytest.mark.parametrize("kind", [Chained, Passing])
def test_an_output_that_is_an_input_or_makes_another_is_refused(kind):
    with pytest.raises(NoPlanError, match="an output is an input, or used to compute another"):
        joined(kind([0.1] * 12), squares, 3, (0, 1))
