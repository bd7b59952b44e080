"""Plans: a tape of many samples, lowered to instructions on rows, has the bits of the graph."""

import random

import pytest

from engine import Value, dot, log, logsumexp, ops, relu, stop_gradient, tanh
from engine.programs.plan import NoPlanError, lowered
from engine.programs.rows import RowMachine, row_source
from engine.programs.tape import Tape
from nn import MLP, data, hinge_loss, l2_penalty, mse_loss

# ---- a slow machine: the judge of plans, and what engine.machine.machine is compared with ----


def run(plan, parameters, rows, classes=None):
    """(value, gradients of the parameters) of a plan, in Python. rows: [lanes][inputs]."""
    scalars = [*parameters, *plan.constants]
    grads = [0.0] * len(scalars)
    n = plan.lanes
    body = [[row[i] for row in rows] for i in range(plan.inputs)]
    body += [[0.0] * n for _ in range(plan.rows - plan.inputs)]
    tail = [[0.0] for _ in range(plan.tail_rows)]

    def at(block, operand, lane):
        return scalars[~operand] if operand < 0 else block[operand][lane]

    def forward(block, instruction, lane):
        for name, out, operands, *_ in dots(instruction):
            taken = [at(block, x, lane) for x in operands]
            block[out][lane] = ops.TABLE[name].evaluate(*taken)

    def backward(block, slopes, instruction, lane):
        for name, out, operands, *wanted in reversed(dots(instruction)):
            if wanted == [False]:
                continue
            op = ops.TABLE[name]
            taken = [at(block, x, lane) for x in operands]
            found = op.slopes(block[out][lane], taken, [True] * len(taken))
            for j, (x, slope) in enumerate(zip(operands, found)):
                if not op.passes(j):
                    continue
                share = slopes[out][lane] * float(slope)
                if x < 0:
                    grads[~x] += share
                else:
                    slopes[x][lane] += share

    for instruction in plan.body:
        for lane in range(n):
            forward(body, instruction, lane)
    for _, out, of_class in plan.sums:
        chosen = [of_class[classes[lane] if len(of_class) > 1 else 0] for lane in range(n)]
        total = body[chosen[0]][0]
        for lane in range(1, n):
            total += body[chosen[lane]][lane]
        tail[out][0] = total
    for instruction in plan.tail:
        forward(tail, instruction, 0)

    tail_slopes = [[0.0] for _ in tail]
    body_slopes = [[0.0] * n for _ in body]
    tail_slopes[plan.output][0] = 1.0
    for instruction in reversed(plan.tail):
        backward(tail, tail_slopes, instruction, 0)
    for _, out, of_class in reversed(plan.sums):
        for lane in range(n):
            chosen = of_class[classes[lane] if len(of_class) > 1 else 0]
            body_slopes[chosen][lane] += tail_slopes[out][0]
    lanes = reversed(range(n))
    steps = [(i, lane) for lane in lanes for i in reversed(plan.body)]
    if not plan.sequential:
        steps = [(i, lane) for i in reversed(plan.body) for lane in reversed(range(n))]
    for instruction, lane in steps:
        backward(body, body_slopes, instruction, lane)
    return tail[plan.output][0], grads[: plan.parameters]


def dots(instruction):
    """A layer as its dot products; another instruction as it is."""
    if instruction[0] != "layer":
        return [instruction]
    _, out, inputs, weights, biases = instruction
    return [
        ("dot", out + j, (*w, *inputs, *([biases[j]] if biases else [])))
        for j, w in enumerate(weights)
    ]


# ---- what is lowered ----


def traced(model, inputs, targets, loss, penalty=None, wrap=True):
    """The tape of a batch's loss, its samples' inputs (and targets), and the loss itself."""
    rows = [[Value(x) for x in row] for row in inputs]
    goals = [Value(t) for t in targets] if wrap else targets
    output = loss([model(row) for row in rows], goals)
    if penalty is not None:
        output = output + penalty(model)
    leaves = [[*row, goal] if wrap else row for row, goal in zip(rows, goals)]
    tape = Tape([output], [x for row in leaves for x in row], model.parameters())
    return tape, [[x.data for x in row] for row in leaves], output


def compare(tape, rows, output, parameters, classes=None):
    """That the plan has the bits of the graph; returns the plan."""
    plan = lowered(tape, len(rows), classes)
    for p in parameters:
        p.grad = 0.0
    output.backward()
    value, grads = run(plan, [p.data for p in parameters], rows, classes)

    assert value.hex() == output.data.hex()
    assert [g.hex() for g in grads] == [p.grad.hex() for p in parameters]
    if not plan.sequential:
        flat = [x for row in rows for x in row]
        answer = RowMachine(plan).evaluate([p.data for p in parameters], flat, classes)
        assert answer is not None
        assert [answer[0].hex(), *[g.hex() for g in answer[1]]] == [
            x.hex() for x in (value, *grads)
        ]
    return plan


def shares(output, target):
    """Cross-entropy, with operations of the graph alone."""
    losses = [logsumexp(*row) - row[t] for row, t in zip(output, target)]
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total / len(losses)


def test_an_mlp_becomes_its_layers_and_activations():
    model = MLP(2, [5, 4, 1], activation="tanh", rng=random.Random(0))
    inputs, targets = data.moons(n=12)
    tape, rows, output = traced(model, inputs, targets, mse_loss)
    plan = compare(tape, rows, output, model.parameters())

    names = [instruction[0] for instruction in plan.body]
    assert names == ["layer", *["tanh"] * 5, "layer", *["tanh"] * 4, "layer", "sub", "mul"]
    assert [name for name, *_ in plan.tail] == ["div"]
    assert plan.sums == [("sum", 0, (plan.rows - 1,))]
    assert not plan.sequential


def test_a_penalty_is_computed_once():
    model = MLP(2, [3, 1], rng=random.Random(0))
    inputs, targets = data.moons(n=6)
    signs = [2.0 * t - 1.0 for t in targets]
    tape, rows, output = traced(
        model, inputs, signs, hinge_loss, lambda m: 1e-2 * l2_penalty(m.parameters())
    )
    plan = compare(tape, rows, output, model.parameters())

    assert [name for name, *_ in plan.tail] == ["div", "dot", "mul", "add"]


def test_the_class_of_a_sample_chooses_its_row():
    model = MLP(2, [3, 3], activation="tanh", rng=random.Random(0))
    inputs, targets = data.blobs(n=9)
    tape, rows, output = traced(model, inputs, targets, shares, wrap=False)
    plan = compare(tape, rows, output, model.parameters(), targets)

    ((_, _, of_class),) = plan.sums
    assert len(set(of_class)) == 3


def test_sums_of_products_written_by_hand_are_lowered_too():
    w = [Value(0.5), Value(-0.25), Value(0.1)]
    rows = [[Value(float(i)), Value(i * 0.3)] for i in range(5)]
    losses = [tanh(w[0] * x + w[1] * y + w[2]) for x, y in rows]
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    tape = Tape([total], [x for row in rows for x in row], w)
    plan = compare(tape, [[x.data for x in row] for row in rows], total, w)

    assert [name for name, *_ in plan.body] == ["mul", "mul", "add", "add", "tanh"]


def test_a_parameter_that_a_sample_uses_twice_makes_the_plan_sequential():
    w = [Value(0.5), Value(-0.25)]
    rows = [[Value(0.3 + i)] for i in range(4)]
    losses = [tanh(dot([w[0]], [tanh(dot([w[0]], row, w[1]))], w[1])) for row in rows]
    total = ((losses[0] + losses[1]) + losses[2]) + losses[3]
    tape = Tape([total], [x for row in rows for x in row], w)
    plan = compare(tape, [[x.data for x in row] for row in rows], total, w)

    assert plan.sequential


def test_what_a_sample_does_twice_is_done_twice():
    w = Value(0.5)
    rows = [[Value(0.3 + i)] for i in range(3)]
    losses = [tanh(w * x) - tanh(w * x) * 0.5 for (x,) in rows]
    total = (losses[0] + losses[1]) + losses[2]
    plan = compare(Tape([total], [x for (x,) in rows], [w]), [[0.3], [1.3], [2.3]], total, [w])

    assert [name for name, *_ in plan.body].count("tanh") == 2


def test_a_sum_over_some_samples_that_has_another_user_has_no_plan():
    w, rows = Value(0.5), [[Value(1.0)], [Value(2.0)], [Value(3.0)]]
    losses = [w * x for (x,) in rows]
    part = losses[0] + losses[1]

    assert refused(part + losses[2] + part, rows, [w]) == (
        "a sum over some of the samples is used by itself"
    )


def test_a_single_sample_is_a_batch_of_one():
    model = MLP(2, [3, 1], rng=random.Random(0))
    tape, rows, output = traced(model, [[0.5, -1.0]], [1.0], mse_loss)

    assert compare(tape, rows, output, model.parameters()).lanes == 1


def test_a_single_sample_with_a_penalty_is_all_tail():
    model = MLP(2, [3, 1], rng=random.Random(0))
    penalty = lambda m: 1e-2 * l2_penalty(m.parameters())  # noqa: E731
    tape, rows, output = traced(model, [[0.5, -1.0]], [1.0], mse_loss, penalty)
    plan = compare(tape, rows, output, model.parameters())

    assert plan.body == []
    assert len(plan.sums) == 3  # two inputs and a target


def test_a_single_sample_may_begin_with_parameters_alone():
    w, x = Value(0.5), Value(3.0)
    shared = w * w
    total = shared * x + tanh(shared - w * x)

    compare(Tape([total], [x], [w]), [[3.0]], total, [w])


def test_what_no_parameter_has_a_part_in_wants_no_gradient():
    w = Value(2.0)
    rows = [[Value(1.0 + i)] for i in range(3)]
    losses = [w * log(x) for (x,) in rows]
    total = (losses[0] + losses[1]) + losses[2]
    plan = compare(Tape([total], [x for (x,) in rows], [w]), [[1.0], [2.0], [3.0]], total, [w])

    assert plan.body[0] == ("log", 1, (0,), False)


def test_a_flat_operation_passes_nothing_on():
    w = Value(2.0)
    rows = [[Value(1.0 + i)] for i in range(3)]
    losses = [w * x - stop_gradient(w * x * x) for (x,) in rows]
    total = (losses[0] + losses[1]) + losses[2]

    compare(Tape([total], [x for (x,) in rows], [w]), [[1.0], [2.0], [3.0]], total, [w])


# ---- what is not ----


def refused(total, rows, parameters, classes=None):
    tape = Tape([total], [x for row in rows for x in row], parameters)
    with pytest.raises(NoPlanError) as caught:
        lowered(tape, len(rows), classes)
    return str(caught.value)


def two(values=(1.0, 2.0)):
    return Value(0.5), [[Value(x)] for x in values]


def test_samples_that_are_multiplied_have_no_plan():
    w, ((x,), (y,)) = two()

    assert refused((w * x) * (w * y), [[x], [y]], [w]) == (
        "the samples come together otherwise than in a sum"
    )


def test_an_if_that_takes_another_way_for_a_sample_has_no_plan():
    w, rows = two()
    losses = [relu(w * x) if x > 1.5 else tanh(w * x) for (x,) in rows]

    assert refused(losses[0] + losses[1], rows, [w]) == "tanh is part of some samples only"


def test_samples_added_in_another_order_have_no_plan():
    w, ((x,), (y,)) = two()

    assert "otherwise than in a sum" in refused(w * y + w * x, [[x], [y]], [w])


def test_a_number_computed_from_parameters_for_all_samples_has_no_plan():
    w, ((x,), (y,)) = two()
    shared = w * w

    assert refused(shared * x + shared * y, [[x], [y]], [w]) == (
        "the samples use a number that is computed from parameters alone"
    )


def test_a_penalty_that_comes_first_has_no_plan():
    w, ((x,), (y,)) = two()

    assert refused(w * w + (w * x + w * y), [[x], [y]], [w]) == (
        "a parameter is used before the samples, and by them"
    )


def test_classes_that_do_not_tell_the_operations_have_no_plan():
    w, rows = two()
    losses = [w * rows[0][0] + 1, 1 - w * rows[1][0]]

    assert "do not all end in the same" in refused(losses[0] + losses[1], rows, [w])
    assert "do not follow from its class" in refused(losses[0] + losses[1], rows, [w], [0, 0])


def test_inputs_that_are_not_those_of_whole_samples_have_no_plan():
    w, ((x,), (y,)) = two()
    tape = Tape([w * x + w * y], [x, y], [w])

    with pytest.raises(NoPlanError, match=r"^2 inputs are not those of 3 samples$"):
        lowered(tape, 3)


# ---- in Python ----


def test_a_plan_in_python_has_a_line_for_each_instruction():
    model = MLP(2, [2, 1], activation="tanh", rng=random.Random(0))
    tape, *_ = traced(model, [[0.5, -1.0], [1.0, 2.0]], [1.0, 0.0], mse_loss)
    lines = [line.strip() for line in row_source(lowered(tape, 2)).splitlines()]

    assert "r3 = [p2 + p0 * x0 + p1 * x1 for x0, x1 in zip(r0, r1)]" in lines
    assert "r5 = [tanh(x0) for x0 in r3]" in lines


def test_wide_neurons_are_written_over_several_lines():
    model = MLP(40, [3, 1], activation="tanh", rng=random.Random(0))
    rng = random.Random(1)
    inputs = [[rng.gauss(0, 1) for _ in range(40)] for _ in range(3)]
    tape, rows, output = traced(model, inputs, [1.0, 0.0, 0.5], mse_loss)

    compare(tape, rows, output, model.parameters())
    assert max(map(len, row_source(lowered(tape, 3)).splitlines()[:80])) < 2000


def test_a_plan_that_goes_sample_by_sample_is_not_written_in_python():
    w = Value(0.5)
    rows = [[Value(0.3)], [Value(0.4)]]
    losses = [tanh(w * tanh(w * x)) for (x,) in rows]
    tape = Tape([losses[0] + losses[1]], [x for (x,) in rows], [w])

    with pytest.raises(NoPlanError, match="has a part in several operations of a sample"):
        row_source(lowered(tape, 2))


def test_what_the_graph_has_to_be_asked_is_no_answer():
    w = Value(2.0)
    rows = [[Value(1.0)], [Value(2.0)]]
    losses = [log(w * x) for (x,) in rows]
    plan = lowered(Tape([losses[0] + losses[1]], [x for (x,) in rows], [w]), 2)

    assert RowMachine(plan).evaluate([-1.0], [1.0, 2.0]) is None
    assert RowMachine(plan).evaluate([float("inf")], [1.0, 2.0]) is None
