"""Choices: what a number of the sample chooses has the bits of a graph that chose before."""

import random
from array import array

import pytest

from engine import Value, compiled, dot, logsumexp, ops, tanh, trace
from engine.programs.choices import Sharing
from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_of_plan
from engine.programs.plan import lowered
from engine.programs.tape import Tape

ROWS, COLUMNS, CLASSES = 5, 3, 4


def row(table, token):
    """The row of a table; a Value chooses, so that a recording fits any token."""
    if isinstance(token, Value):
        return [ops.CHOOSE(token, *column) for column in zip(*table)]
    return table[token]


def one(items, index):
    return ops.CHOOSE(index, *items) if isinstance(index, Value) else items[index]


# Each gives the logits of a sample: (table, weights, biases, first token, second token, number).


def layer(table, weights, biases, a, b, x):
    taken = [*row(table, a), *row(table, b)]
    return [tanh(dot(w, taken, c) * x) for w, c in zip(weights, biases)]


def layer_of_one(table, weights, biases, a, b, x):
    taken = row(table, a)
    return [tanh(dot(w[:COLUMNS], taken, c) + b * x) for w, c in zip(weights, biases)]


def one_neuron(table, weights, biases, a, b, x):
    y = tanh(dot(weights[0], [*row(table, a), *row(table, a)], biases[0]))
    return [y, x * y, y * y, b * y]


def sums(table, weights, biases, a, b, x):
    first, second = row(table, a), row(table, b)
    mixed = [tanh(p + q * x) for p, q in zip(first, second)] + [v * v for v in first]
    return [dot(w, mixed, c) for w, c in zip(weights, biases)]


def tied(table, weights, biases, a, b, x):
    mixed = [p + q for p, q in zip(row(table, a), row(table, b))]
    return [dot(mixed, own) + x for own in table[:CLASSES]]


def scaled(table, weights, biases, a, b, x):
    first, second = row(table, a), row(table, b)
    size = dot(first, first) + dot(first, second) + 1.0
    mixed = [p / size for p in first] + [q * size * x for q in second]
    return [dot(w, mixed, c) for w, c in zip(weights, biases)]


def plain(table, weights, biases, a, b, x):
    return [tanh(dot(w[:2], [x, a * b], c)) for w, c in zip(weights, biases)]


MODELS = [layer, layer_of_one, one_neuron, sums, tied, scaled, plain]


def loss_of(model, parameters, samples, used_otherwise=False):
    """The mean of logsumexp(logits) - the chosen logit; a sample is (a, b, class, x)."""
    taken = iter(parameters)
    table = [[next(taken) for _ in range(COLUMNS)] for _ in range(ROWS)]
    weights = [[next(taken) for _ in range(2 * COLUMNS)] for _ in range(CLASSES)]
    biases = [next(taken) for _ in range(CLASSES)]
    total = 0.0
    for a, b, target, x in samples:
        logits = model(table, weights, biases, a, b, x)
        loss = logsumexp(*logits) - one(logits, target)
        if used_otherwise:
            loss = loss + one(logits, target) * logits[0] * one(logits, target)
        total = loss if total == 0.0 else total + loss
    return total / len(samples)


def drawn(rng, count):
    return [
        (*[float(rng.randrange(n)) for n in (ROWS, ROWS, CLASSES)], rng.gauss(0, 1))
        for _ in range(count)
    ]


def made(rng):
    count = ROWS * COLUMNS + CLASSES * (2 * COLUMNS + 1)
    return [Value(rng.gauss(0, 1)) for _ in range(count)]


def recorded(model, parameters, samples, lanes, **options):
    leaves = [[Value(x) for x in sample] for sample in samples]
    loss = loss_of(model, parameters, leaves, **options)
    tape = Tape([loss], [x for own in leaves for x in own], parameters)
    return machine_of_plan(lowered(tape, lanes))


def numbers(samples):
    return array("d", [x for sample in samples for x in sample])


def bits(value, grads):
    return [x.hex() for x in (value, *grads)]


def check(machine, model, parameters, rng, count, **options):
    """Other samples and other parameters have the bits of a graph of plain tokens."""
    samples = drawn(rng, count)
    for p in parameters:
        p.data, p.grad = rng.gauss(0, 1), 0.0
    found = machine.evaluate(array("d", [p.data for p in parameters]), numbers(samples))
    whole = [(int(a), int(b), int(c), x) for a, b, c, x in samples]
    loss = loss_of(model, parameters, whole, **options)
    loss.backward()
    assert bits(*found) == bits(loss.data, [p.grad for p in parameters])


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("count", [1, 2, 7, 33])
@pytest.mark.parametrize("model", MODELS)
def test_what_is_chosen_has_the_bits_of_the_graph(model, count, together):
    rng = random.Random(count)
    parameters = made(rng)
    given = model, parameters, drawn(rng, count), 1 if together else count
    if not (compiled or together or count == 1 or model is plain):
        with pytest.raises(NoPlanError, match=r"a parameter (has a part|is chosen) in"):
            recorded(*given)  # in Python, gradients are not added up sample by sample
        return
    machine = recorded(*given)
    for _ in range(3):
        check(machine, model, parameters, rng, count)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("count", [1, 7])
def test_a_chosen_logit_may_be_used_otherwise(count, together):
    rng = random.Random(count)
    parameters = made(rng)
    lanes = 1 if together else count
    machine = recorded(plain, parameters, drawn(rng, count), lanes, used_otherwise=True)

    for _ in range(3):
        check(machine, plain, parameters, rng, count, used_otherwise=True)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("token", [-1.0, 5.0, 1.5, 1e300, float("nan"), float("inf")])
def test_an_index_outside_has_no_answer(token, together):
    rng = random.Random(0)
    parameters = made(rng)
    samples = [(a, 1.0, c, x) for a, _, c, x in drawn(rng, 4)]
    machine = recorded(plain if not compiled else layer, parameters, samples, 1 if together else 4)
    data = array("d", [p.data for p in parameters])
    known = machine.evaluate(data, numbers(samples))

    assert known is not None
    column = 0 if compiled else 2
    for lane in (0, 3):
        wrong = numbers(samples)
        wrong[4 * lane + column] = token
        assert machine.evaluate(data, wrong) is None
    assert machine.evaluate(data, numbers(samples)) == known


def test_an_infinite_slope_of_what_is_not_chosen_has_no_answer():
    w, x, k = Value(0.0), Value(4.0), Value(1.0)
    roots = [ops.sqrt(w * x), w + x]
    loss = ops.logsumexp(w * 0.0 + roots[0] * 0.0, roots[1]) - ops.CHOOSE(k, *roots)
    machine = machine_of_plan(lowered(Tape([loss], [x, k], [w]), 1))

    assert machine.evaluate(array("d", [0.0]), array("d", [4.0, 1.0])) is None
    assert machine.evaluate(array("d", [1.0]), array("d", [4.0, 1.0])) is not None


def test_candidates_that_are_computed_for_the_choice_alone_have_no_plan():
    w, x, k = Value(0.5), Value(4.0), Value(1.0)
    chosen = ops.CHOOSE(k, tanh(w * x), w + x)

    with pytest.raises(NoPlanError, match="the candidates of a choice are computed for nothing"):
        lowered(Tape([chosen * w], [x, k], [w]), 1)


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (lambda w, x, k: ops.CHOOSE(k, w, 2.0), "an output is chosen"),
        (lambda w, x, k: ops.CHOOSE(k + 0.0, w, 2.0) * x, "by a number that is computed"),
        (lambda w, x, k: ops.CHOOSE(w, x, 2.0) * x, "by a number that is computed"),
        (lambda w, x, k: ops.CHOOSE(k, ops.CHOOSE(k, w, 3.0), w) * x, "among what is chosen"),
    ],
)
def test_other_choices_have_no_plan(loss, reason):
    w, x, k = Value(1.0), Value(4.0), Value(1.0)

    with pytest.raises(NoPlanError, match=reason):
        lowered(Tape([loss(w, x, k)], [x, k], [w]), 1)


def test_a_choice_of_constants_and_parameters_is_replayed():
    w, x, k = Value(0.5), Value(4.0), Value(1.0)
    machine = machine_of_plan(lowered(Tape([ops.CHOOSE(k, 2.0, w, 3.0) * x * w], [x, k], [w]), 1))

    for index, number in enumerate((2.0, 0.5, 3.0)):
        value, (slope,) = machine.evaluate(array("d", [0.5]), array("d", [4.0, float(index)]))
        assert value == number * 4.0 * 0.5
        assert slope == number * 4.0 + (index == 1) * 4.0 * 0.5


def test_fast_gradients_are_near_those_of_the_graph():
    rng = random.Random(5)
    parameters, samples = made(rng), drawn(rng, 9)
    leaves = [[Value(x) for x in sample] for sample in samples]
    loss = loss_of(layer, parameters, leaves)
    tape = Tape([loss], [x for own in leaves for x in own], parameters)
    if compiled:
        machine = machine_of_plan(lowered(tape, 9), fast=True)
        found = machine.evaluate(array("d", [p.data for p in parameters]), numbers(samples))
        loss.backward()
        assert found[0] == pytest.approx(loss.data, rel=1e-12)
        assert list(found[1]) == pytest.approx([p.grad for p in parameters], rel=1e-9, abs=1e-12)


def test_a_graph_and_its_gradient_choose_too():
    w, v, k = Value(0.5), Value(2.0), Value(1.0)
    z = ops.CHOOSE(k, w, v) * 3.0
    z.backward()

    assert (z.data, w.grad, v.grad, k.grad) == (6.0, 0.0, 3.0, 0.0)


def test_a_program_chooses_anew():
    w, v, k = Value(0.5), Value(2.0), Value(1.0)
    program = trace(ops.CHOOSE(k, w, v) * 3.0, [k], [w, v])

    assert [program([float(i)]) for i in range(2)] == [1.5, 6.0]
    with pytest.raises(IndexError, match="expected a whole number from 0 to 1, got 2"):
        program([2.0])


def test_candidates_of_one_choice_share_their_place():
    sharing = Sharing({9: (~0, ~3), 10: (~3, ~5), 11: (2, 4)})

    assert sharing.shared(9) == sharing.shared(~5) == sharing.shared(10)
    assert sharing.shared(2) == sharing.shared(11) == 4
    assert sharing.shared(~1) == ~1
    assert sharing.needed([11, 7]) == {2, 4, 7}
