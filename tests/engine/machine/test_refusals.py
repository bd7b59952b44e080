"""What is not right is refused by the machine, which it never crashes."""

import math
import random
from array import array

import pytest

from nn import SGD, Adagrad
from tests.engine.machine.judge import floats, numbers_of, plan
from tests.engine.machine.plans import TAME, random_plan

Machine = pytest.importorskip("engine.machine.machine", reason="needs the compiled build").Machine

TWO, CLASSES = array("d", [1.0, 2.0]), array("i", [0, 1])


BAD_PLANS = [
    ({"body": [("hypot", 1, (0,))]}, ValueError, r"body 0: the machine has no op 'hypot'"),
    ({"body": [(3, 1, (0,))]}, ValueError, r"body 0: the machine has no op 3"),
    ({"body": [("neg", 1, (2,))]}, ValueError, r"body 0: an operand is from -2 to 1, got 2"),
    ({"sums": [("sum", 0, (1,))]}, ValueError, r"sums 0: row 1 is used before it is computed"),
    ({"sums": []}, ValueError, r"output: row 0 of the tail is never computed"),
    ({"tail": [("neg", 1, (0,))]}, ValueError, r"tail 0: its row is from 0 to 0, got 1"),
    ({"output": 1}, ValueError, r"output is from 0 to 0, got 1"),
    ({"inputs": 3}, ValueError, r"inputs is from 0 to 2, got 3"),
    ({"rows": -1}, ValueError, r"rows is from 0 to 16777215, got -1"),
    ({"parameters": 2**40}, ValueError, r"parameters is from 0 to 16777215, got 1099511627776"),
    ({"parameters": "2"}, TypeError, r"parameters is an int, got '2'"),
]


@pytest.mark.parametrize(("parts", "error", "message"), BAD_PLANS)
def test_a_plan_that_is_not_right_is_refused(parts, error, message):
    with pytest.raises(error, match=message):
        Machine(plan(**{"parameters": 2, "rows": 2, **parts}), 1)


@pytest.mark.parametrize(
    ("lanes", "error"), [(0, ValueError), (2**30, ValueError), (1.0, TypeError)]
)
def test_lanes_are_a_number_of_samples(lanes, error):
    with pytest.raises(error, match="the number of lanes is"):
        Machine(plan(), lanes)


def test_a_width_that_no_processor_has_is_refused():
    with pytest.raises(ValueError, match="this processor has no vectors of 3"):
        Machine(plan(), 1, _width=3)


def two_parameters():
    """A machine of two lanes, with classes."""
    body = [("mul", 1, (0, ~0)), ("mul", 2, (0, ~1))]
    sums = [("sum", 0, (1, 2))]
    return Machine(plan(parameters=2, rows=3, body=body, sums=sums), 2)


BAD_ARGUMENTS = [
    (([1.0, 2.0], TWO, CLASSES), TypeError, r"parameters are floats, array\('d'\), got list"),
    ((array("f", [1, 2]), TWO, CLASSES), TypeError, r"parameters are floats, .*, got format 'f'"),
    ((memoryview(array("d", [1.0] * 4))[::2], TWO, CLASSES), TypeError, r"got memory with gaps"),
    (
        (memoryview(bytes(24))[1:17].cast("d"), TWO, CLASSES),
        TypeError,
        r"parameters are floats, .*, got memory that is not aligned",
    ),
    ((array("d", [1.0]), TWO, CLASSES), ValueError, r"parameters has 2 numbers, got 1"),
    ((TWO, array("d"), CLASSES), ValueError, r"rows has 2 numbers, got 0"),
    ((TWO, TWO, None), ValueError, r"the plan sums by classes, got no classes"),
    ((TWO, TWO, TWO), TypeError, r"classes are ints, array\('i'\), got format 'd'"),
    ((TWO, TWO, array("i", [0])), ValueError, r"classes has 2 numbers, got 1"),
    ((TWO, TWO, array("i", [0, 2])), ValueError, r"classes are from 0 to 1, got 2"),
    ((TWO, TWO, array("i", [-1, 0])), ValueError, r"classes are from 0 to 1, got -1"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_ARGUMENTS)
def test_evaluate_takes_arrays_of_the_plans_lengths(arguments, error, message):
    with pytest.raises(error, match=message):
        two_parameters().evaluate(*arguments)


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (3, TypeError, r"wanted is a list, got 3"),
        ([3], ValueError, r"wanted: an operand is from 0 to 2, got 3"),
        ([-1], ValueError, r"wanted: an operand is from 0 to 2, got -1"),
    ],
)
def test_outputs_are_rows_of_the_body(wanted, error, message):
    with pytest.raises(error, match=message):
        two_parameters().outputs(TWO, TWO, wanted)


PLAIN, MOVING = numbers_of(SGD), numbers_of(SGD, momentum=0.9)
BAD_TRAINING = [
    ({"parameters": array("d")}, ValueError, r"parameters has 2 numbers, got 0"),
    ({"parameters": memoryview(bytes(16)).cast("d")}, TypeError, r"parameters are changed, got"),
    ({"optimizer": "sgd"}, TypeError, r"an optimizer is a pair \(name, numbers\), got 'sgd'"),
    (
        {"optimizer": ("lion", {})},
        ValueError,
        r"optimizers sgd, adagrad, rmsprop, adam, adamw, got 'lion'",
    ),
    ({"optimizer": ("sgd", 1)}, TypeError, r"the groups is a list, got 1"),
    ({"optimizer": ("sgd", [])}, ValueError, r"sgd has at least one group of parameters, got none"),
    ({"optimizer": ("sgd", [{}])}, TypeError, r"a group is a pair \(count, numbers\), got \{\}"),
    ({"optimizer": ("sgd", [(2, 1)])}, TypeError, r"the numbers of a group are a dict, got 1"),
    ({"optimizer": ("sgd", [(1, PLAIN)])}, ValueError, r"the groups have 2 parameters, got 1"),
    (
        {"optimizer": ("sgd", [(3, PLAIN)])},
        ValueError,
        r"parameters of a group is from 0 to 2, got 3",
    ),
    (
        {"optimizer": ("sgd", [(1, PLAIN), (1, PLAIN)]), "step": [0]},
        ValueError,
        r"a step for each group is wanted, got 1, 2",
    ),
    (
        {"optimizer": ("sgd", [(1, PLAIN), (1, PLAIN)])},
        ValueError,
        r"lrs has 2 numbers a step, got 1 in all",
    ),
    ({"states": 1}, TypeError, r"states are a dict, got 1"),
    ({"momenta": array("d")}, ValueError, r"sgd has the state momentum_buffer, got none"),
    (
        {"momenta": array("d"), "states": {"momentum_buffer": array("d", TWO)}},
        ValueError,
        r"momenta has 1 numbers, got 0",
    ),
    (
        {"momenta": array("d"), "optimizer": ("adagrad", numbers_of(Adagrad))},
        ValueError,
        r"adagrad has no momenta",
    ),
    ({"max_norm": 0.0}, ValueError, r"max_norm is a positive number, got 0.0"),
    ({"max_norm": math.nan}, ValueError, r"max_norm is a positive number, got nan"),
    ({"optimizer": ("sgd", {"eps": 1.0})}, ValueError, r"sgd has momentum, .*: no 'eps'"),
    ({"optimizer": ("sgd", MOVING)}, ValueError, r"sgd has the state momentum_buffer"),
    (
        {"optimizer": ("sgd", MOVING), "states": {"momentum_buffer": array("d")}},
        ValueError,
        r"momentum_buffer has 2 numbers, got 0",
    ),
    ({"order": array("i", [0])}, ValueError, r"order has 2 numbers, got 1"),
    ({"order": array("i", [0, 3])}, ValueError, r"order has samples from 0 to 2, got 3"),
    ({"order": array("i", [-1, 0])}, ValueError, r"order has samples from 0 to 2, got -1"),
    ({"classes": None}, ValueError, r"the plan sums by classes, got no classes"),
    ({"classes": array("i", [0])}, ValueError, r"classes has 3 numbers, got 1"),
    ({"step": -1}, ValueError, r"step is from 0 to 2147483646, got -1"),
    ({"lrs": [0.1]}, TypeError, r"lrs are floats, array\('d'\), got list"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD_TRAINING)
def test_train_checks_all_that_it_is_given(given, error, message):
    usual = {"parameters": array("d", TWO), "states": {}, "optimizer": ("sgd", PLAIN)}
    usual |= {"data": array("d", [1.0] * 3), "classes": array("i", [0, 1, 1])}
    usual |= {"order": array("i", [0, 2]), "lrs": array("d", [0.1]), "step": 0}

    with pytest.raises(error, match=message):
        two_parameters().train(**{**usual, **given})


def test_data_are_whole_samples():
    p = plan(inputs=2, rows=2)

    with pytest.raises(ValueError, match="data has 2 numbers a sample, got 3 in all"):
        Machine(p, 1).train(
            array("d"), {}, ("sgd", PLAIN), array("d", [1.0] * 3), None, array("i"), array("d"), 0
        )


def test_a_machine_is_made_once():
    made = Machine(plan(), 1)

    with pytest.raises(TypeError, match="a machine is made once"):
        made.__init__(plan(), 1)


def test_a_machine_that_was_never_made_does_nothing():
    with pytest.raises(TypeError, match="this machine was never made"):
        Machine.__new__(Machine).evaluate(array("d"), array("d"))


def test_no_plan_crashes_the_machine():
    rubbish = [
        None,
        -1,
        0,
        1,
        2,
        99,
        -99,
        2**31,
        -(2**31),
        2**63,
        0.5,
        "add",
        "layer",
        (),
        [],
        (0,),
    ]
    made = 0

    def spoiled(x, rng):
        if rng.random() < 0.04:
            return rng.choice(rubbish)
        if isinstance(x, (list, tuple)):
            return type(x)(spoiled(y, rng) for y in x)
        return x

    for seed in range(3000):
        rng = random.Random(seed)
        p, _ = random_plan(rng, TAME, rng.random() < 0.5)
        for name, part in list(vars(p).items()):
            setattr(p, name, spoiled(part, rng))
        try:
            built = Machine(p, 3)
        except (TypeError, ValueError):
            continue
        made += 1
        classes = array("i", [0, 1, 1])
        built.evaluate(floats(rng, p.parameters), floats(rng, 3 * p.inputs), classes)

    assert 0 < made < 3000
