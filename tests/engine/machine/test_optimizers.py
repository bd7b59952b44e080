"""The machine trains with the bits of the optimisers."""

import math
import random
import threading
from array import array

import pytest

from engine import Value
from nn import SGD, Adagrad, Adam, AdamW, RMSprop, clip_grad_norm_
from tests.engine.machine.judge import Slow, floats, numbers_of, plan
from tests.engine.machine.plans import layer_plan, network

Machine = pytest.importorskip("engine.machine.machine", reason="needs the compiled build").Machine

OPTIMIZERS = [
    ("sgd", SGD, {}),
    ("sgd", SGD, {"weight_decay": 0.1}),
    ("sgd", SGD, {"momentum": 0.9}),
    ("sgd", SGD, {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("sgd", SGD, {"momentum": 0.9, "nesterov": True}),
    ("adagrad", Adagrad, {}),
    ("adagrad", Adagrad, {"lr_decay": 0.1, "weight_decay": 0.01, "eps": 1e-3}),
    ("rmsprop", RMSprop, {}),
    ("rmsprop", RMSprop, {"alpha": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    ("rmsprop", RMSprop, {"momentum": 0.9}),
    ("rmsprop", RMSprop, {"centered": True, "momentum": 0.5}),
    ("adam", Adam, {}),
    ("adam", Adam, {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("adam", Adam, {"amsgrad": True, "betas": (0.9, 0.5)}),
    ("adamw", AdamW, {}),
    ("adamw", AdamW, {"weight_decay": 0.0}),
    ("adamw", AdamW, {"amsgrad": True, "weight_decay": 0.3}),
]
LISTS = ["momentum_buffer", "sum", "square_avg", "grad_avg"]
LISTS += ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]


def training_plan():
    parts = network([2, 4, 1], True)
    return plan(**parts, constants=[4.0], tail=[("div", 1, (0, ~parts["parameters"]))])


def in_python(p, numbers, data, order, optimizer, lrs, momenta=None, max_norm=None):
    """The losses of training, and what the optimiser moves, with the judge's gradients."""
    values, groups, losses = optimizer.parameters, optimizer.param_groups, []
    for v, x in zip(values, numbers):
        v.data = x
    for i in range(len(order) // 4):
        rows = [x for s in order[4 * i : 4 * i + 4] for x in data[3 * s : 3 * s + 3]]
        slow = Slow(p, 4, [v.data for v in values], rows)
        losses.append(slow.run())
        for v, grad in zip(values, slow.differentiate()):
            v.grad = grad
        if max_norm is not None:
            clip_grad_norm_(values, max_norm)
        for k, group in enumerate(groups, i * len(groups)):
            group["lr"] = lrs[k]
            if momenta is not None and "betas" in group:
                group["betas"] = (momenta[k], group["betas"][1])
            elif momenta is not None:
                group["momentum"] = momenta[k]
        optimizer.step()
    return losses


def hexes(numbers):
    return [x.hex() for x in numbers]


def state_of(optimizer, key):
    """The numbers of all groups, 0 where a group has none."""
    pairs = zip(optimizer.param_groups, optimizer.state)
    return [x for group, state in pairs for x in state.get(key, [0.0] * len(group["params"]))]


STEPS = 30


def trained_both_ways(name, kind, groups, momenta=None, max_norm=None):
    """(losses, parameters, states) in the machine, in two parts, and in Python."""
    rng = random.Random(7)
    p, n = training_plan(), len(groups)
    numbers, data = floats(rng, p.parameters), floats(rng, 3 * 10)
    order = array("i", [rng.randrange(10) for _ in range(4 * STEPS)])
    lrs = array("d", [0.1 / (1 + i) for i in range(n * STEPS)])
    values = iter([Value(0.0) for _ in numbers])
    optimizer = kind([{"params": [next(values) for _ in range(k)], **g} for k, g in groups])
    losses = in_python(p, numbers, data, order, optimizer, lrs, momenta, max_norm)
    states = {key: array("d", [0.0] * p.parameters) for key in LISTS}
    made, done = Machine(p, 4), []
    told = [(k, numbers_of(kind, **g)) for k, g in groups]
    given = (name, told if n > 1 else told[0][1])
    for first, last in ((0, 10), (10, STEPS)):
        part = slice(first * n, last * n)
        options = {"max_norm": max_norm}
        if momenta is not None:
            options["momenta"] = momenta[part]
        picks = order[4 * first : 4 * last]
        step = first if n == 1 else [first] * n
        done += made.train(numbers, states, given, data, None, picks, lrs[part], step, **options)
    there = [key for key in LISTS if any(key in state for state in optimizer.state)]
    return (
        (hexes(done), hexes(numbers), {key: list(states[key]) for key in there}),
        (
            hexes(losses),
            hexes([v.data for v in optimizer.parameters]),
            {key: state_of(optimizer, key) for key in there},
        ),
    )


@pytest.mark.parametrize("max_norm", [None, 1e-2, 1e3, math.inf])
@pytest.mark.parametrize(("name", "kind", "settings"), OPTIMIZERS)
def test_training_has_the_bits_of_the_optimisers(name, kind, settings, max_norm):
    groups = [(training_plan().parameters, settings)]

    machines, pythons = trained_both_ways(name, kind, groups, max_norm=max_norm)

    assert machines == pythons


@pytest.mark.parametrize("first", [1, 5])
@pytest.mark.parametrize(
    ("name", "kind", "settings", "others"),
    [
        ("sgd", SGD, {"momentum": 0.9}, {"momentum": 0.5, "nesterov": True}),
        ("adagrad", Adagrad, {"lr_decay": 0.1}, {"weight_decay": 0.1}),
        ("rmsprop", RMSprop, {"momentum": 0.9}, {"centered": True}),
        ("adam", Adam, {"amsgrad": True}, {"betas": (0.5, 0.9)}),
        ("adamw", AdamW, {}, {"weight_decay": 0.0}),
    ],
)
def test_groups_have_their_own_settings(name, kind, settings, others, first):
    n = training_plan().parameters
    groups = [(first, settings), (n - first - 2, others), (2, settings)]

    machines, pythons = trained_both_ways(name, kind, groups, max_norm=0.5)

    assert machines == pythons


@pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("rmsprop", RMSprop), ("adam", Adam)])
def test_the_momentum_may_change_from_step_to_step(name, kind):
    momenta = array("d", [0.95 - 0.01 * i for i in range(STEPS)])
    groups = [(training_plan().parameters, {})]

    machines, pythons = trained_both_ways(name, kind, groups, momenta)

    assert machines == pythons


@pytest.mark.parametrize("order", [[0, 1, 0, 1, 2, 3, 2, 3, 0, 1], [3, 0, 3, 0, 0, 3, 0, 3, 3, 0]])
def test_a_batch_that_is_the_one_before_is_seen_again_and_another_one_is_not(order):
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    data, lrs = array("d", [1.0, 2.0, 4.0, 8.0]), array("d", [0.0] * 5)

    losses = Machine(p, 2).train(
        array("d", [1.0]), {}, ("sgd", numbers_of(SGD)), data, None, array("i", order), lrs, 0
    )

    assert list(losses) == [data[a] + data[b] for a, b in zip(order[::2], order[1::2])]


def test_training_uses_the_classes_of_the_samples_it_sees():
    body = [("mul", 1, (0, ~0)), ("mul", 2, (0, ~1))]
    p = plan(parameters=2, rows=3, body=body, sums=[("sum", 0, (1, 2))])
    numbers = array("d", [1.0, 1.0])

    done = Machine(p, 1).train(
        numbers,
        {},
        ("sgd", numbers_of(SGD)),
        array("d", [1.0, 10.0]),
        array("i", [0, 1]),
        array("i", [1, 0, 1]),
        array("d", [0.01] * 3),
        0,
    )

    assert list(done) == [10.0, 1.0, 9.0]
    assert list(numbers) == [0.99, 1.0 - 0.01 * 10.0 - 0.01 * 10.0]


def test_an_abandoned_step_changes_nothing_and_ends_the_training():
    body = [("mul", 1, (0, ~0)), ("log", 2, (1,))]
    p = plan(parameters=1, rows=3, body=body, sums=[("sum", 0, (2,))])
    numbers, states = array("d", [1.0]), {"momentum_buffer": array("d", [0.0])}
    data, order = array("d", [1.0, -1.0]), array("i", [0, 1, 0])

    done = Machine(p, 1).train(
        numbers,
        states,
        ("sgd", numbers_of(SGD, momentum=0.9)),
        data,
        None,
        order,
        array("d", [0.5] * 3),
        0,
    )

    assert list(done) == [0.0]
    assert list(numbers) == [0.5]
    assert list(states["momentum_buffer"]) == [1.0]


@pytest.mark.parametrize(
    ("name", "kind"), [("adagrad", Adagrad), ("rmsprop", RMSprop), ("adam", Adam)]
)
def test_a_root_of_a_negative_sum_is_left_to_python(name, kind):
    state = {"adagrad": "sum", "rmsprop": "square_avg", "adam": "exp_avg_sq"}[name]
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    states = {state: array("d", [-1.0]), "exp_avg": array("d", [0.0])}
    numbers, data = array("d", [1.0]), array("d", [1.0])
    lrs, order = array("d", [0.1]), array("i", [0])

    done = Machine(p, 1).train(numbers, states, (name, numbers_of(kind)), data, None, order, lrs, 0)

    assert list(done) == []
    assert list(numbers) == [1.0]
    assert list(states[state]) == [-1.0]


@pytest.mark.parametrize(
    ("name", "kind", "wild"),
    [
        ("adagrad", Adagrad, {"eps": 0.0}),
        ("adagrad", Adagrad, {"lr_decay": -1.0}),
        ("rmsprop", RMSprop, {"alpha": -1.0}),
        ("rmsprop", RMSprop, {"alpha": math.nan}),
        ("adam", Adam, {"eps": 0.0}),
        ("adam", Adam, {"betas": (1.0, 0.9)}),
        ("adamw", AdamW, {"betas": (0.9, -0.5)}),
    ],
)
def test_numbers_at_which_python_may_raise_are_left_to_python(name, kind, wild):
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    numbers, data = array("d", [1.0]), array("d", [1.0])
    states = {key: array("d", [0.0]) for key in LISTS}
    given = (name, numbers_of(kind) | wild)

    done = Machine(p, 1).train(
        numbers, states, given, data, None, array("i", [0]), array("d", [0.1]), 0
    )

    assert list(done) == []
    assert list(numbers) == [1.0]
    assert all(list(state) == [0.0] for state in states.values())


def test_a_momentum_that_adam_cannot_have_is_left_to_python():
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    numbers, momenta = array("d", [1.0]), array("d", [0.9, 1.0])
    states = {key: array("d", [0.0]) for key in LISTS}
    arguments = (array("d", [1.0]), None, array("i", [0, 0]), array("d", [0.1, 0.1]), 0)

    given = ("adam", numbers_of(Adam))

    assert len(Machine(p, 1).train(numbers, states, given, *arguments, momenta)) == 1


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind, _ in OPTIMIZERS])
def test_the_machine_has_no_defaults(name, kind):
    p = plan(parameters=1, rows=2, body=[("mul", 1, (0, ~0))], sums=[("sum", 0, (1,))])
    states = {key: array("d", [0.0]) for key in LISTS}
    told = numbers_of(kind)
    for missing in told.keys() - {"initial_accumulator_value"}:
        given = {key: x for key, x in told.items() if key != missing}

        with pytest.raises(ValueError, match=f"'{missing}' is missing"):
            Machine(p, 1).train(
                array("d", [1.0]),
                states,
                (name, given),
                array("d"),
                None,
                array("i"),
                array("d"),
                0,
            )


def test_threads_take_turns_with_a_machine():
    p = layer_plan(6, 6, True)
    rng = random.Random(0)
    made = Machine(p, 50)
    tasks = [(floats(rng, p.parameters), floats(rng, 300)) for _ in range(4)]
    right = [made.evaluate(*task) for task in tasks]
    wrong = []

    def work(i):
        for _ in range(200):
            if made.evaluate(*tasks[i]) != right[i]:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_numbers_that_changed_in_place_are_read_again():
    p = training_plan()
    machine, results, told = Machine(p, 4), [], {**numbers_of(SGD)}
    for decay in (0.0, 0.5, 0.0):
        told["weight_decay"] = decay
        rng = random.Random(3)
        numbers, data = floats(rng, p.parameters), floats(rng, 3 * 4)
        order, lrs = array("i", range(4)), array("d", [0.1])
        machine.train(numbers, {}, ("sgd", told), data, None, order, lrs, 0)
        results.append(hexes(numbers))

    assert results[0] == results[2] != results[1]
